"""The sections of `campaign.toml`, one frozen model and one file each.

Every field says in words what it takes (`description`) and how it looks in the file (`examples`): error messages are
made of them, and so can a reference be. Paths are absolute, durations `timedelta`, secrets `SecretStr` or None.
Made by `load_settings`; a model made directly checks its values but reads no file and no environment.
"""
