// @ts-nocheck: a browser's file, in a project whose types are Node's.
// What is made to go wrong, and what is emptied: the control API's buttons.

import { ask, counted, element } from './elements.js';

const ORIGIN_FAULTS = ['kill', 'slow', 'hang', 'reset'];
const FUNCTION_FAULTS = ['throttle', 'trap', 'crash', 'hang', 'skip'];
const TRIGGERS = ['viewer-request', 'origin-request', 'origin-response', 'viewer-response'];

/**
 * @param {HTMLElement} panel
 * @param {HTMLButtonElement} toggle
 * @param {HTMLElement} count
 * @returns {Promise<(kind: 'origin'|'function', name: string) => void>} opens it for one name
 */
export async function startControls(panel, toggle, count) {
  const said = element('p.said', { role: 'status' });
  const active = element('ul.active');
  const run = async (work) => {
    try {
      said.textContent = (await work()) ?? '';
      said.classList.remove('error');
    } catch (error) {
      said.textContent = error.message;
      said.classList.add('error');
    }
    await refresh().catch(() => {});
  };
  const refresh = async () => {
    const { faults, clock_skew_ms: skew } = await ask('GET', '/faults');
    active.replaceChildren(
      ...faults.map((fault) => activeFault(fault, run)),
      ...(skew ? [activeSkew(skew, run)] : []),
    );
    count.textContent = String(faults.length + (skew ? 1 : 0));
    count.hidden = count.textContent === '0';
  };

  const origin = originForm(run);
  const functions = functionForm(run);
  panel.append(element('div.forms', {}, origin, functions, otherForm(run)), active, said);

  const open = (isOpen) => {
    panel.hidden = !isOpen;
    toggle.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) void refresh().catch(() => {});
  };
  toggle.addEventListener('click', () => open(panel.hidden));
  // Faults wear off by themselves: `times` and `for_ms`.
  setInterval(() => document.hidden || void refresh().catch(() => {}), 2000);
  await refresh().catch(() => {});
  return (kind, name) => {
    open(true);
    const form = kind === 'origin' ? origin : functions;
    form.elements.name.value = name;
    panel.scrollIntoView({ block: 'nearest' });
    form.elements.fault.focus();
  };
}

function originForm(run) {
  const ms = field('by ms', element('input', { name: 'ms', type: 'number', min: 1, value: 3000 }));
  ms.hidden = true;
  const fault = choice('fault', ORIGIN_FAULTS);
  fault.addEventListener('change', () => (ms.hidden = fault.value !== 'slow'));
  return form(
    'An origin fails',
    [
      field(
        'Origin',
        element('input', {
          name: 'name',
          required: true,
          placeholder: 'domain name, id, Region or *',
          spellcheck: false,
          autocomplete: 'off',
        }),
      ),
      field('Fault', fault),
      ms,
      field(
        'Requests',
        element('input', { name: 'times', type: 'number', min: 1, placeholder: 'all' }),
      ),
    ],
    'Set',
    ({ name, fault: kind, ms: slow, times }) =>
      run(async () => {
        await ask('PUT', `/faults/origins/${encodeURIComponent(name)}`, {
          fault: kind,
          ...(kind === 'slow' && { ms: Number(slow) }),
          ...(times && { times: Number(times) }),
        });
        return `${name}: ${kind}`;
      }),
  );
}

function functionForm(run) {
  return form(
    'A function fails',
    [
      field(
        'Function',
        element('input', {
          name: 'name',
          required: true,
          value: '*',
          spellcheck: false,
          autocomplete: 'off',
        }),
      ),
      field('Fault', choice('fault', FUNCTION_FAULTS)),
      field('Trigger', choice('trigger', ['', ...TRIGGERS], 'all')),
      field(
        'Edge Region',
        element('input', {
          name: 'region',
          placeholder: 'all',
          spellcheck: false,
          autocomplete: 'off',
        }),
      ),
      field(
        'Requests',
        element('input', { name: 'times', type: 'number', min: 1, placeholder: 'all' }),
      ),
    ],
    'Set',
    ({ name, fault, trigger, region, times }) =>
      run(async () => {
        await ask('PUT', `/faults/functions/${encodeURIComponent(name)}`, {
          fault,
          ...(trigger && { trigger }),
          ...(region && { region }),
          ...(times && { times: Number(times) }),
        });
        return `${name}: ${fault}`;
      }),
  );
}

function otherForm(run) {
  const paths = element('input', {
    name: 'paths',
    value: '/*',
    required: true,
    spellcheck: false,
    autocomplete: 'off',
  });
  const made = form('Begin afresh', [field('Cached paths', paths)], 'Purge', ({ paths: wanted }) =>
    run(async () => {
      const { purged } = await ask('POST', '/purge', { paths: wanted.trim().split(/\s+/) });
      return `${counted(purged, 'object')} purged`;
    }),
  );
  const skew = element('input', {
    name: 'skew',
    type: 'number',
    value: 0,
    'aria-label': 'Clock ahead, seconds',
  });
  made.append(
    field('Clock ahead, s', skew),
    button('Set clock', () =>
      run(async () => {
        await ask('PUT', '/clock', { skew_ms: Math.round(Number(skew.value) * 1000) });
        return `The functions' clock is ${skew.value} s ahead`;
      }),
    ),
    button('Recycle functions', () =>
      run(async () => {
        const { recycled } = await ask('POST', '/recycle', {});
        return `${counted(recycled, 'environment')} ended: the next start is cold`;
      }),
    ),
    button('End all faults', () =>
      run(async () => {
        const { cleared } = await ask('DELETE', '/faults');
        return `${counted(cleared, 'fault')} ended`;
      }),
    ),
  );
  return made;
}

function activeFault({ on, name, fault, ms, times, until, trigger, region }, run) {
  const facts = [
    ms && `by ${ms.toLocaleString('en')} ms`,
    trigger,
    region && `in ${region}`,
    times && `${counted(times, 'request')} more`,
    until && `until ${new Date(until).toLocaleTimeString('en-GB')}`,
  ];
  const end = () =>
    run(() =>
      ask('DELETE', `/faults/${on}s/${encodeURIComponent(name)}`).then(() => `${name}: ended`),
    );
  return element(
    'li',
    {},
    element('b', {}, fault),
    ` ${on} `,
    element('code', {}, name),
    ` ${facts.filter(Boolean).join(', ')}`,
    button('End', end),
  );
}

function activeSkew(skew, run) {
  const end = () =>
    run(() => ask('PUT', '/clock', { skew_ms: 0 }).then(() => 'The clock is right again'));
  return element(
    'li',
    {},
    element('b', {}, 'clock'),
    ` ${(skew / 1000).toLocaleString('en')} s ahead`,
    button('End', end),
  );
}

// Forms.

function form(title, fields, verb, submit) {
  return element(
    'form',
    {
      'aria-label': title,
      onsubmit: (event) => {
        event.preventDefault();
        void submit(Object.fromEntries(new FormData(event.target)));
      },
    },
    element('h2', {}, title),
    ...fields,
    element('button.primary', { type: 'submit' }, verb),
  );
}

function field(title, input) {
  return element('label', {}, element('span', {}, title), input);
}

function choice(name, values, empty) {
  return element(
    'select',
    { name },
    ...values.map((value) => element('option', { value }, value || empty)),
  );
}

function button(title, onclick) {
  return element('button', { type: 'button', onclick }, title);
}
