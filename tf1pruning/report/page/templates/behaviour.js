'use strict';
(function () {
  const all = (selector, root) => Array.from((root || document).querySelectorAll(selector));

  // Tabs: the links at the top choose one section. Without scripts they lead to it.
  const links = all('nav a');
  const panels = links.map((link) => document.getElementById(link.hash.slice(1)));
  function choose(number, focus) {
    links.forEach((link, place) => {
      const chosen = place === number;
      link.setAttribute('aria-selected', String(chosen));
      link.tabIndex = chosen ? 0 : -1;
      panels[place].hidden = !chosen;
    });
    if (focus) { links[number].focus(); }
  }
  function follow() {
    const number = links.findIndex((link) => link.hash === location.hash);
    choose(number < 0 ? 0 : number, false);
  }
  document.querySelector('nav ul').setAttribute('role', 'tablist');
  links.forEach((link, place) => {
    link.parentNode.setAttribute('role', 'presentation');
    link.setAttribute('role', 'tab');
    link.id = 'tab-' + place;
    link.setAttribute('aria-controls', panels[place].id);
    panels[place].setAttribute('role', 'tabpanel');
    panels[place].setAttribute('aria-labelledby', link.id);
    link.addEventListener('click', (event) => {
      event.preventDefault();
      choose(place, true);
      history.replaceState(null, '', link.hash);
    });
    link.addEventListener('keydown', (event) => {
      const steps = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: links.length - 1 };
      if (event.key === ' ') { event.preventDefault(); choose(place, true); }
      if (!(event.key in steps)) { return; }
      event.preventDefault();
      const next = (steps[event.key] + links.length) % links.length;
      choose(next, true);
      history.replaceState(null, '', links[next].hash);
    });
  });
  window.addEventListener('hashchange', follow);
  follow();

  // Tables: a click on a heading sorts by its column, a second one the other way round.
  function compare(first, second, column) {
    const [one, two] = [first, second].map((row) => row.cells[column]);
    if ('value' in one.dataset) { return Number(one.dataset.value) - Number(two.dataset.value); }
    return one.textContent.trim().localeCompare(two.textContent.trim(), undefined, { numeric: true });
  }
  function sort(table, column, up) {
    const body = table.tBodies[0];
    const unknown = (row) => row.cells[column].dataset.unknown !== undefined;
    const rows = Array.from(body.rows);
    rows.sort((first, second) => {
      if (unknown(first) || unknown(second)) { return unknown(first) - unknown(second); }
      return compare(first, second, column) * (up ? 1 : -1);
    });
    rows.forEach((row) => body.appendChild(row));
  }
  all('table.sortable').forEach((table) => {
    const heads = all('thead th', table);
    heads.forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const numeric = head.classList.contains('right');
        const now = head.getAttribute('aria-sort');
        const up = now ? now === 'descending' : !numeric;
        heads.forEach((each) => each.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        sort(table, column, up);
      });
    });
  });

  // Tooltips: of what the mouse is over or the keyboard is at; Escape hides them.
  const tip = document.createElement('div');
  tip.className = 'tooltip';
  tip.id = 'tooltip';
  tip.setAttribute('role', 'tooltip');
  tip.hidden = true;
  document.body.append(tip);
  let owner = null;
  function hide() {
    tip.hidden = true;
    if (owner) { owner.removeAttribute('aria-describedby'); }
    owner = null;
  }
  function showOn(target, x, y) {
    hide();
    owner = target;
    target.setAttribute('aria-describedby', 'tooltip');
    tip.textContent = target.dataset.tip;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const above = y - box.height - 12;
    place(tip, Math.max(8, Math.min(x - box.width / 2, innerWidth - box.width - 8)), above < 8 ? y + 18 : above);
  }
  function place(element, left, top) {
    element.style.setProperty('left', left + 'px');
    element.style.setProperty('top', top + 'px');
  }
  document.addEventListener('pointerover', (event) => {
    const target = event.target.closest('[data-tip]');
    if (target) { showOn(target, event.clientX, event.clientY); } else { hide(); }
  });
  document.addEventListener('focusin', (event) => {
    const target = event.target.closest('[data-tip]');
    if (!target) { hide(); return; }
    const box = target.getBoundingClientRect();
    showOn(target, box.left + box.width / 2, box.top);
  });
  document.addEventListener('focusout', hide);
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') { hide(); } });
  document.addEventListener('scroll', hide, true);
}());
