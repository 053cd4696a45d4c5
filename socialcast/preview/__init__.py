"""What will be published and what is said about it, as pages to look at and as a comment for a pull request."""

from socialcast.preview.audit import audit_markdown, audit_page
from socialcast.preview.markdown import plan_markdown
from socialcast.preview.page import plan_page
from socialcast.preview.replies import write_replies_page
from socialcast.preview.report import report_markdown, report_page

__all__ = ["audit_markdown", "audit_page", "plan_markdown", "plan_page", "report_markdown", "report_page", "write_replies_page"]
