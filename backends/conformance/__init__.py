"""The conformance suite: what the executor of every backend must do. It is installed with DYNAMAP and needs pytest:

    pip install 'dynamap[conformance]'
    pytest --pyargs dynamap.backends.conformance --backend NAME

Each file ``test_*.py`` is an operation. A case is called ``operation/test/parameters``, and ``--include PATTERN`` and
``--exclude PATTERN`` choose cases by parts of that name.
"""
