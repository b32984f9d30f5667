"""The sandbox: an SMTP server on this machine to send to when there is none yet.

In: a folder, and whatever is sent to `Sandbox.host` and `.port`. Out: one `.eml` for each accepted recipient in that
folder and a call of `on_message`, both before the client hears 250. It misbehaves for recipients whose local part
begins as `BEHAVIOURS` says, so that a first run shows every outcome.

Raises SettingsError when it can't listen or can't use the folder.

Limits: no TLS and no sign-in, so keep it on loopback; some hundreds of messages a second; messages up to 32 MB.
"""

from campaign.sandbox.behaviours import BEHAVIOURS, Behaviour, forget
from campaign.sandbox.server import Sandbox

__all__ = ["BEHAVIOURS", "Behaviour", "Sandbox", "forget"]
