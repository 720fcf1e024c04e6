# SPDX-License-Identifier: Apache-2.0
"""What is done from the pages: asked twice, and done once.

A form is sent to the API as a dry run first, and comes back with what would
follow. Sent again as it is, it is done; under the key that it was born with,
so that a second press does nothing.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import hashlib
import json
from typing import Any
import uuid

from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import forms
from horizon import messages

from patrii_billing.horizon import clock
from patrii_billing.horizon import service
from patrii_billing.horizon import words

# Browsers ask for a day by a calendar, and send it as ISO 8601 has it.
DAY = forms.DateInput(format='%Y-%m-%d', attrs={'type': 'date'})


class Deed(forms.SelfHandlingForm):
    """A form that has one thing done.

    Its initial `target` are the parts of the page's address. `says` are the
    kinds of entries on the timeline that `foresee` puts in better words.
    """

    key = forms.CharField(widget=forms.HiddenInput(), max_length=64)
    agreed = forms.CharField(widget=forms.HiddenInput(), required=False)
    data: Any
    done: Any = _('Done.')
    says: frozenset[str] = frozenset()
    foreseen: list[str] | None = None

    def path(self, target: Mapping[str, str]) -> str:
        raise NotImplementedError

    def body(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What was filled in, as the API wants it."""
        own = {'key', 'agreed', 'target'}
        return {
            name: str(value)
            for name, value in data.items()
            if name not in own and value not in (None, '')
        }

    def foresee(self, answer: Mapping[str, Any]) -> Iterator[Any]:
        """What would follow, in sentences; of what would be answered."""
        yield from ()

    def handle(self, request: Any, data: Mapping[str, Any]) -> bool:
        path = self.path(self.initial['target'])
        body = self.body(data)
        said = json.dumps([path, body], sort_keys=True, default=str)
        digest = hashlib.sha256(said.encode()).hexdigest()
        agreed = data['agreed'] == digest
        try:
            answer = service.of(request).write(
                'POST', path, body, dry_run=not agreed, key=data['key']
            )
        except service.FAILURES as error:
            self.api_error(service.words(error))
            return False
        if agreed:
            messages.success(request, self.done)
            return True
        self.foreseen = [
            *map(str, self.foresee(answer['answer'])),
            *(_entry(one) for one in answer['would']
              if one['what'] not in self.says),
        ]  # fmt: skip
        self.data = {**self.data.dict(), 'agreed': digest}
        return False


def _entry(one: Mapping[str, Any]) -> str:
    """As it would stand on the timeline."""
    said = words.entry(one)
    return f'{said}: {one["why"]}' if one['why'] else said


class DeedView(clock.OwnClock, forms.ModalFormView):
    """The page of a deed; `back` is the name of the page it belongs to."""

    template_name = 'patrii_billing/deed.html'
    back = ''
    back_by: tuple[str, ...] = ()
    explained: Any = ''

    def get_initial(self) -> dict[str, Any]:
        return {'key': uuid.uuid4().hex, 'target': self.kwargs}

    def get_success_url(self) -> str:
        known = [self.kwargs[name] for name in self.back_by]
        return str(urls.reverse(self.back, args=known))

    def get_cancel_url(self) -> str:
        return self.get_success_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {
            **context,
            'submit_url': self.request.get_full_path(),
            'form_id': 'billing_deed',
            'modal_id': 'billing_deed_modal',
            'explained': self.explained,
        }
