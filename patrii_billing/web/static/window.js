// SPDX-License-Identifier: Apache-2.0
// The pages work without this; it only saves keystrokes.
'use strict';

// A form with data-live asks again as one types, and shows the new part.
for (const form of document.querySelectorAll('form[data-live]')) {
  const part = document.getElementById(form.dataset.live);
  let asked = 0;
  let waiting;
  const ask = async () => {
    const mine = ++asked;
    const query = new URLSearchParams(new FormData(form));
    const url = `${form.getAttribute('action')}?${query}`;
    const answer = await fetch(url, { headers: { Accept: 'text/html' } });
    if (mine !== asked || !answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(
      await answer.text(), 'text/html');
    const fresh = page.getElementById(form.dataset.live);
    if (fresh) {
      part.replaceChildren(...fresh.childNodes);
      history.replaceState(null, '', url);
      // What is exported is what is shown.
      for (const link of document.querySelectorAll('a[data-asked]')) {
        link.search = query;
      }
    }
  };
  form.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 200);
  });
}
// A form that was sent once is not sent again by a second click.
document.addEventListener('submit', (event) => {
  for (const button of event.target.querySelectorAll('button')) {
    setTimeout(() => { button.disabled = true; });
  }
});
// Back from the history: what was disabled can be pressed again.
window.addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form button')) {
    button.disabled = false;
  }
});
