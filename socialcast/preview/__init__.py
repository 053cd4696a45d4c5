"""What will be published, as one page to look at and as a comment for a pull request."""

from socialcast.preview.markdown import plan_markdown
from socialcast.preview.page import plan_page

__all__ = ["plan_markdown", "plan_page"]
