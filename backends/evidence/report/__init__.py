"""Reports: plans explained on one self-contained HTML page (docs/report.md)."""

from dynamap.backends.evidence.report.evidence import Evidence, Scope, Wanted, gather
from dynamap.backends.evidence.report.page import html_report

__all__ = ["Evidence", "Scope", "Wanted", "gather", "html_report"]
