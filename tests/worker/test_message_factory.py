"""From contact to message: the steps in order, what a campaign asks of its columns, whose fault a fault is."""

import email
import email.policy
import pickle
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import CampaignError, InvalidContactError, LinkError, SettingsError, TemplateError
from campaign.message.transfer import TransferEncoder
from campaign.model import Contact, Message
from campaign.schedule import Schedule
from campaign.window import SendWindow
from campaign.worker.job import MessagePlan
from campaign.worker.message_factory import MessageFactory
from tests.campaigns import SmallCampaign
from tests.dkim.keys import both
from tests.dkim.verification import records, verified
from tests.message.files import GIF

NOW = datetime(2026, 11, 23, 14, 30, 15, tzinfo=UTC)
ANN = Contact(number=7, email="ann@people.example", columns={"email": "ann@people.example", "name": "Ann", "id": "q1"})

Planned = Callable[..., MessagePlan]


def window(**given: Any) -> Schedule:
    limits: dict[str, Any] = {"opens": None, "closes": None, "lasts": timedelta(hours=8), "timezone": "Europe/Berlin"}
    return Schedule.within(SendWindow.resolve(**limits | given, now=NOW))


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    def made(
        *,
        settings: dict[str, dict[str, object]] | None = None,
        link: dict[str, object] | None = None,
        message: dict[str, object] | None = None,
        **values: Any,
    ) -> MessagePlan:
        plan = SmallCampaign(tmp_path / "campaign", settings=settings or {}).plan(1).message_plan(window())
        return replace(
            plan,
            link=plan.link.model_copy(update=link or {}),
            message=plan.message.model_copy(update=message or {}),
            **values,
        )

    return made


def read(message: Message) -> EmailMessage:
    found = email.message_from_bytes(message.data, policy=email.policy.strict)
    assert isinstance(found, EmailMessage)
    return found


def text_of(message: Message) -> str:
    body = read(message).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_link_content_and_message_are_one_contacts(planned: Planned) -> None:
    link, content, message = MessageFactory(planned()).make(ANN, NOW)
    assert content.subject == read(message)["Subject"] == "Hello Ann"
    assert message.envelope.recipient == ANN.email
    assert link.url in "".join(content.text)
    assert link.url in text_of(message)


def test_with_inline_css_the_shared_pieces_of_the_html_are_encoded_once(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[str] = []
    add = TransferEncoder.add_constants

    def add_and_note(encoder: TransferEncoder, constants: Collection[str]) -> None:
        known.extend(constants)
        add(encoder, constants)

    monkeypatch.setattr(TransferEncoder, "add_constants", add_and_note)
    plan = planned(message={"inline_css": True})
    html = "<style>p { color: red }</style><p title='x'>{{ contact.name }}</p>"
    (plan.message.template / "body.html").write_text(html)
    factory = MessageFactory(plan)
    _, content, message = factory.make(ANN, NOW)
    assert '<p title="x" style="color: red;">Ann</p>' in message.data.decode().replace("=\r\n", "").replace("=3D", "=")
    assert [chunk for chunk in content.html if chunk not in known] == ["Ann"]
    before = len(known)
    factory.make(ANN._replace(columns={**ANN.columns, "name": "Zoë"}), NOW)
    assert len(known) == before


def test_a_link_lives_until_the_window_has_closed_and_the_grace_is_over(planned: Planned) -> None:
    link, _, _ = MessageFactory(planned(link={"grace": timedelta(minutes=90)})).make(ANN, NOW + timedelta(hours=1))
    assert link.issued_at == NOW + timedelta(hours=1)
    assert link.expires_at == NOW + timedelta(hours=8, minutes=90)
    assert str(link.expires_at.tzinfo) == "Europe/Berlin"


def test_without_a_closing_time_a_link_lives_its_grace(planned: Planned) -> None:
    link, _, _ = MessageFactory(planned(window=window(lasts=None), link={"grace": timedelta(minutes=90)})).make(
        ANN, NOW
    )
    assert link.expires_at == NOW + timedelta(minutes=90)


def test_another_try_is_the_same_message_with_a_link_of_its_own(planned: Planned) -> None:
    factory = MessageFactory(planned())
    first = factory.make(ANN, NOW)
    again = factory.make(ANN, NOW + timedelta(seconds=1))
    assert first[2].message_id == again[2].message_id
    assert first[0].url != again[0].url


def test_what_the_templates_or_the_redirect_want_of_every_row_is_known_before_the_first(planned: Planned) -> None:
    plan = planned(
        link={"redirect_to": "https://acme.myclickfunnels.com/{{ contact.id }}/{{ contact.plan | default('x') }}"}
    )
    factory = MessageFactory(plan)
    factory.verify(["email", "name", "id"])
    with pytest.raises(TemplateError) as caught:
        factory.verify(["email", "name", "ID"])
    assert caught.value.what == "there is no column 'id'; did you mean 'ID'?"
    assert caught.value.where == "link.redirect_to"
    link, _, message = factory.make(ANN, NOW)
    assert link.url in text_of(message)


def test_the_message_says_what_the_settings_say(planned: Planned) -> None:
    plan = planned(
        settings={
            "message": {
                "reply_to": "support@acme.example",
                "return_path": "bounces@acme.example",
                "unsubscribe_url": "https://acme.example/u?e={{ contact.email | urlencode }}",
                "unsubscribe_mailto": "stop@acme.example",
            }
        }
    )
    _, content, message = MessageFactory(plan).make(ANN, NOW)
    found = read(message)
    assert message.envelope.return_path == "bounces@acme.example"
    assert (found["From"], found["Reply-To"]) == ("Acme <hello@acme.example>", "support@acme.example")
    assert content.unsubscribe_url == "https://acme.example/u?e=ann%40people.example"
    assert content.unsubscribe_url in found["List-Unsubscribe"]
    assert "mailto:stop@acme.example" in found["List-Unsubscribe"]
    assert found["Date"].datetime == NOW


def test_a_contact_without_what_the_template_needs_is_invalid_and_the_next_one_is_not(planned: Planned) -> None:
    factory = MessageFactory(planned())
    with pytest.raises(InvalidContactError):
        factory.make(ANN._replace(columns={"email": ANN.email, "name": ""}), NOW)
    assert factory.make(ANN, NOW)


def test_a_secret_or_a_domain_that_signs_nothing_is_known_before_the_first_contact(planned: Planned) -> None:
    with pytest.raises(LinkError) as caught:
        MessageFactory(planned(link_secret="hunter2-hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_template_that_is_not_there_is_known_before_the_first_contact(planned: Planned, tmp_path: Path) -> None:
    with pytest.raises(TemplateError):
        MessageFactory(planned(message={"template": tmp_path / "nowhere"}))


def test_a_redirect_that_is_no_template_is_named_as_the_setting_that_it_is(planned: Planned) -> None:
    with pytest.raises(CampaignError) as caught:
        MessageFactory(planned(link={"redirect_to": "https://acme.myclickfunnels.com/{{ contact.id "}))
    assert "link.redirect_to" in str(caught.value)


def test_telling_the_time_of_each_stage_changes_nothing_else(planned: Planned) -> None:
    factory, spent = MessageFactory(planned()), Counter[str]()

    def tell(stage: str, seconds: float) -> None:
        assert seconds >= 0.0
        spent[stage] += 1

    timed = [factory.make_timed(ANN, NOW, tell) for _ in range(2)]
    plain = factory.make(ANN, NOW)
    assert timed[0][:2] == plain[:2]
    assert timed[0][2].message_id == plain[2].message_id
    assert spent == {"mint": 2, "render": 2, "compose": 2}


def test_signing_is_a_stage_of_its_own_where_there_is_a_key(planned: Planned) -> None:
    factory, spent = MessageFactory(planned(signing_keys=both())), Counter[str]()
    _, _, message = factory.make_timed(ANN, NOW, lambda stage, seconds: spent.update({stage: seconds > 0}))
    assert spent == {"mint": 1, "render": 1, "compose": 1, "sign": 1}
    assert verified(message.data, records(both())) == [True, True]
    assert read(message)["From"] == "Acme <hello@acme.example>"


def test_a_message_with_files_is_signed_whole(planned: Planned) -> None:
    """Files are hashed as they are: DKIM's canonical form must leave them so (RFC 6376 section 3.4.4)."""
    names = ["two  blanks.txt", "Preise März.csv", "x" * 150 + ".bin", "empty.txt", "a;b=c.txt"]
    plan = planned(settings={"message": {"attachments": [*names, "own/{{ contact.name }}"]}}, signing_keys=both())
    for name in names:
        (plan.folder / name).write_bytes(b"" if name == "empty.txt" else b"  two  blanks \r\n\r\n\t\n" * 40)
    (plan.folder / "own").mkdir()
    (plan.folder / "own" / "Ann").write_bytes(bytes(range(256)))
    (plan.folder / "template" / "logo.gif").write_bytes(GIF)
    (plan.folder / "template" / "body.html").write_text('<img src="cid:logo.gif">{{ link.url }}')
    _, _, message = MessageFactory(plan).make(ANN, NOW)
    assert verified(message.data, records(both())) == [True, True]
    attached = [part.get_filename() for part in read(message).iter_attachments()]
    assert attached == [*names, "Ann"]


def test_a_key_that_will_not_do_stops_everything(planned: Planned) -> None:
    key = replace(both()[0], pem=b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    with pytest.raises(SettingsError, match=r"dkim\.key_file won't do"):
        MessageFactory(planned(signing_keys=(key,)))


def test_the_digest_tells_other_images_and_other_files_for_all(planned: Planned) -> None:
    def digest() -> str:
        return MessageFactory(plan).digest()

    plan = planned(settings={"message": {"attachments": ["terms.txt", "invoices/{{ contact.name }}"]}})
    (plan.folder / "invoices").mkdir()
    (plan.folder / "terms.txt").write_text("one")
    (plan.folder / "template" / "logo.gif").write_bytes(GIF)
    (plan.folder / "template" / "body.html").write_text('<img src="cid:logo.gif">{{ link.url }}')
    before = digest()
    (plan.folder / "invoices" / "Ann").write_text("one")
    assert digest() == before
    (plan.folder / "terms.txt").write_text("two")
    with_other_terms = digest()
    (plan.folder / "template" / "logo.gif").write_bytes(GIF + b" ")
    assert len({before, with_other_terms, digest()}) == 3


def test_workers_have_the_files_for_all_from_the_owner_of_the_run(planned: Planned) -> None:
    plan = planned(settings={"message": {"attachments": ["terms.txt"]}})
    (plan.folder / "terms.txt").write_text("one")
    owner = MessageFactory(plan)
    assert owner.attachments is not None
    (plan.folder / "terms.txt").write_text("two")
    worker = MessageFactory(pickle.loads(pickle.dumps(replace(plan, attached=owner.attachments.for_all))))
    assert worker.make(ANN, NOW)[2].data.endswith(owner.make(ANN, NOW)[2].data[-200:])
    assert "b25l" not in repr(replace(plan, attached=owner.attachments.for_all))
