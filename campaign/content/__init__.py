"""The content room: `Contact` and `LoginLink` in, `Content` out; and templates that are a line of `campaign.toml`.

Jinja2 lives here and nowhere else. Raises `TemplateError` (for a template) and `InvalidContactError` (for a row).
"""

from campaign.content.fault_list import as_one_error
from campaign.content.setting_text import TextTemplate, text_template
from campaign.content.template_set import TemplateSet, load_templates
from campaign.content.wording import misspelt_columns

__all__ = ["TemplateSet", "TextTemplate", "as_one_error", "load_templates", "misspelt_columns", "text_template"]
