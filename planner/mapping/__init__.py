"""The mapping problem on a given overlay: storages, layer costs, and what is least."""
