"""Guests: what a person without an account sees of the one case they take part in, and in what they act."""

from dataclasses import replace

import pytest

from cases.actions import add_participant
from cases.models import Case, Participant
from cases.selectors import is_in
from cases.states import Capacity
from conferences.models import Conference
from core.refusals import Denied
from dissent import actions as dissents
from dissent.models import Dissent
from partnerships.models import Membership
from partnerships.selectors import members_of, memberships_of
from partnerships.states import AgencyKind, Role
from tests.builders import BEGINS, LATER, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World("kingston-richmond")


def named(
    world: World, case: Case, capacity: Capacity = Capacity.ADVISER, email: str = "gp@x.example.org"
) -> Participant:
    """Someone named in a case by name and address."""
    return add_participant(
        case, capacity, agency=world.agencies[AgencyKind.HEALTH], name="Gita Guest", email=email
    )  # fmt: skip


def test_a_guest_sees_the_one_case_they_are_invited_to(world: World) -> None:
    theirs, other = world.dissent_at("under_review"), world.dissent_at("under_review")
    guest = world.guest(named(world, theirs.case))
    assert list(Case.objects.visible_to(guest)) == [theirs.case]
    assert list(Dissent.objects.visible_to(guest)) == [theirs]
    assert other.case not in Case.objects.visible_to(guest)
    assert not Conference.objects.visible_to(guest).exists()


def test_the_case_is_gone_when_it_is_closed(world: World) -> None:
    dissent = world.dissent_at("awaiting_view")
    guest = world.guest(named(world, dissent.case))
    dissents.withdraw(dissent_id=dissent.pk, by=world.actor("police"), reason="Settled.", now=LATER)
    assert not Case.objects.visible_to(guest).exists()
    assert not is_in(guest, Case.objects.get(), Capacity.ADVISER)


def test_a_participant_of_one_case_opens_no_case_of_another_partnership(world: World) -> None:
    dissent = world.dissent_at("under_review")
    guest = world.guest(named(world, dissent.case))
    elsewhere = World("hampshire")
    strayed = replace(guest, partnership_id=elsewhere.partnership.pk)
    assert not Case.objects.visible_to(strayed).exists()
    assert not is_in(strayed, dissent.case, Capacity.ADVISER)


def test_in_a_capacity_by_membership_by_a_post_or_by_the_address_of_a_guest(world: World) -> None:
    dissent = world.dissent_at("under_review")
    case = dissent.case
    row = named(world, case)
    named(world, case, Capacity.CHAIR_LINE_MANAGER, "GP@x.example.org")
    guest = world.guest(row)
    named(world, case, Capacity.SECOND_TIER, "someone.else@x.example.org")
    assert is_in(world.actor("police"), case, Capacity.DISSENTER)
    assert is_in(world.actor("reviewer"), case, Capacity.REVIEWER)
    assert is_in(guest, case, Capacity.ADVISER)
    assert is_in(guest, case, Capacity.CHAIR_LINE_MANAGER)
    assert is_in(guest, case, Capacity.SECOND_TIER, Capacity.ADVISER)
    assert not is_in(guest, case, Capacity.SECOND_TIER)
    assert not is_in(guest, case, Capacity.REVIEWER)
    assert not is_in(world.actor("police"), case, Capacity.REVIEWER, Capacity.CHAIR)
    assert not is_in(world.actor("health"), case, Capacity.DISSENTER)


def test_a_guest_is_no_member_that_anybody_could_choose_or_sign_in_as(world: World) -> None:
    dissent = world.dissent_at("under_review")
    guest = world.guest(named(world, dissent.case))
    row = Membership.objects.select_related("user").get(pk=guest.member)
    assert row.role == Role.GUEST
    assert not row.user.has_usable_password()
    assert row not in members_of(world.partnership.pk, LATER.date())
    assert not memberships_of(row.user_id, LATER.date()).exists()


def test_the_same_address_is_the_same_guest_in_the_next_case(world: World) -> None:
    first = world.guest(named(world, world.dissent_at("under_review").case))
    second = world.guest(named(world, world.dissent_at("under_review").case, email="GP@X.example.org"))
    assert first.member == second.member
    assert first.participant_id != second.participant_id


def test_nobody_is_a_guest_without_an_address_or_with_an_account(world: World) -> None:
    case = world.dissent_at("under_review").case
    with pytest.raises(Denied, match="Enter the email address"):
        world.guest(named(world, case, email=""))
    with pytest.raises(Denied, match="own account"):
        world.guest(case.participants.get(capacity=Capacity.DISSENTER))


def test_the_person_who_was_invited_keeps_the_name_they_were_given(world: World) -> None:
    guest = world.guest(named(world, world.dissent_at("under_review").case), now=BEGINS)
    assert guest.name == "Gita Guest"
