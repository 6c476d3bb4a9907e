"""Who may see a conference: its chair and minute taker, those on its list, its reviewers, the admin."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from core.actor import Actor
from partnerships.states import Role


class ConferenceQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> "ConferenceQuerySet":
        """Conferences of the actor's own partnership that concern them.

        A chair sees those they chair, a minute taker those they record, a reviewer and a second-tier decider those
        on which a case of theirs hangs, a practitioner those on whose list they are, the admin all.
        """
        if actor.kind != "person" or actor.membership_id is None:
            return self.none()
        own = self.filter(partnership_id=actor.partnership_id)
        if actor.role == Role.PARTNERSHIP_ADMIN:
            return own
        mine = Q(chair_id=actor.membership_id) | Q(minute_taker_id=actor.membership_id)
        attendance = self.model._meta.get_field("attendances").related_model
        mine |= Q(
            Exists(
                attendance._default_manager.filter(
                    conference_id=OuterRef("pk"), membership_id=actor.membership_id
                )
            )
        )
        if actor.role in (Role.REVIEWING_MANAGER, Role.SECOND_TIER):
            hanging = self.model._meta.get_field("conference_cases").related_model
            case = hanging._meta.get_field("case").related_model
            mine |= Q(
                Exists(
                    hanging._default_manager.filter(
                        conference_id=OuterRef("pk"), case__in=case.objects.visible_to(actor)
                    )
                )
            )
        return own.filter(mine)

    def recorded_by(self, actor: Actor) -> "ConferenceQuerySet":
        """Conferences whose record the actor keeps: as chair, or as the chair's delegate (AFC-13)."""
        return self.visible_to(actor).filter(
            Q(chair_id=actor.membership_id) | Q(minute_taker_id=actor.membership_id)
        )
