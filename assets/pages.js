// Works on pages that work without it: buttons that copy, and a search that follows typing.
const typingPauseMs = 150;

for (const button of document.querySelectorAll('button[data-copy]')) {
  if (navigator.clipboard === undefined) break;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    const [shown] = button.children;
    shown.textContent = 'Copied';
    setTimeout(() => (shown.textContent = 'Copy'), 1500);
  });
}

for (const form of document.querySelectorAll('form[data-live]')) {
  let timer;
  let asking;
  const follow = async () => {
    asking?.abort();
    asking = new AbortController();
    const url = `${form.action}?${new URLSearchParams(new FormData(form))}`;
    const response = await fetch(url, { headers: { Accept: 'text/html' }, signal: asking.signal });
    if (!response.ok || response.redirected) return form.submit();
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    document.getElementById(form.dataset.live).replaceChildren(...page.getElementById(form.dataset.live).childNodes);
    history.replaceState(null, '', url);
  };
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => follow().catch(() => undefined), typingPauseMs);
  });
}
