"""Questions, answers and plain words: they change nothing of what is owed."""

import msgspec

from faxgw.relay.ground import Ground
from faxgw.relay.step import PassOn, Ruling, Step
from faxgw.store.relay.port import Question, Refusal, Stage

QUESTIONS_MAX = 20
"""Open at once about one order; an older one is taken for answered."""


def ask(ground: Ground) -> Ruling:
    """ASK, from either side to the other. A store that asks has not been silent: nobody reminds it meanwhile."""
    order, message = ground.order, ground.message
    if not ground.is_by_filler and not ground.is_by_sender:
        return ground.refuse(Refusal.NOT_A_PARTY)
    if not ground.is_by_filler and order.stage is Stage.UNPLACED:
        return ground.refuse(Refusal.WITHOUT_FLORIST)
    asked_of = order.sending if ground.is_by_filler else order.executing
    question = Question(message.from_member, asked_of, message.at)
    asked = msgspec.structs.replace(order, questions=(*order.questions, question)[-QUESTIONS_MAX:])
    if ground.is_by_filler and order.stage is Stage.OFFERED:
        asked = msgspec.structs.replace(asked, next_at=None)
    return Step(asked, (PassOn(asked_of),))


def answer(ground: Ground) -> Ruling:
    """ANS, to the oldest question that the one who answers was asked; the network may answer for the sender."""
    order, message = ground.order, ground.message
    if not ground.is_by_filler and not ground.is_by_sender:
        return ground.refuse(Refusal.NOT_A_PARTY)
    asked_of = {message.from_member} | ({order.sending} if message.from_member is None else set())
    question = next((each for each in order.questions if each.asked_of in asked_of), None)
    if question is None:
        return ground.refuse(Refusal.NOTHING_ASKED)
    left = list(order.questions)
    left.remove(question)
    replied = msgspec.structs.replace(order, questions=tuple(left))
    if question.asked_by == order.executing and order.waiting_since is not None:
        replied = msgspec.structs.replace(
            replied, waiting_since=message.at, next_at=ground.calendar.next_look(message.at)
        )
    return Step(replied, (PassOn(question.asked_by),))


def say(ground: Ground) -> Ruling:
    """GEN about an order, from one who has to do with it."""
    message = ground.message
    if not ground.is_by_filler and not ground.is_by_sender and message.from_member not in ground.order.tried:
        return ground.refuse(Refusal.NOT_A_PARTY)
    return Step(ground.order, (PassOn(message.to_member),))
