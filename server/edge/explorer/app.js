// The explorer: a document, its variables, its answer, and the schema beside.
// It loads nothing from elsewhere and keeps the token in this tab only.

const at = (id) => document.getElementById(id);
const [token, query, variables, answer, state, run, stop, find, types] =
  ['token', 'query', 'variables', 'answer', 'state', 'run', 'stop', 'find', 'types'].map(at);

const example = `# Who am I, and what do I have?
query {
  viewer {
    userId
    roles
    account {
      name
      plan { name }
      balance { available held expiringSoon }
      buckets { key remaining limit resetsAt }
    }
  }
}`;

token.value = sessionStorage.getItem('explorer.token') ?? '';
query.value = sessionStorage.getItem('explorer.query') ?? example;
variables.value = sessionStorage.getItem('explorer.variables') ?? '{}';
for (const field of [token, query, variables]) {
  field.addEventListener('input', () => sessionStorage.setItem(`explorer.${field.id}`, field.value));
}

const headers = (accept) => ({
  'content-type': 'application/json',
  accept,
  ...(token.value ? { authorization: `Bearer ${token.value.trim()}` } : {}),
});

const show = (value) => {
  answer.textContent = JSON.stringify(value, null, 2);
};

let running = null;

async function ask() {
  running?.abort();
  const control = new AbortController();
  running = control;
  stop.hidden = false;
  state.textContent = 'Running…';
  const begun = performance.now();
  try {
    const body = JSON.stringify({ query: query.value, variables: JSON.parse(variables.value || '{}') });
    if (/^\s*subscription\b/m.test(query.value)) {
      await follow(body, control.signal);
    } else {
      const response = await fetch('/graphql', {
        method: 'POST', body, headers: headers('application/graphql-response+json'), signal: control.signal,
      });
      show(await response.json());
      state.textContent = `${response.status}, ${Math.round(performance.now() - begun)} ms`;
    }
  } catch (error) {
    state.textContent = control.signal.aborted ? 'Stopped' : String(error.message ?? error);
  } finally {
    if (running === control) stop.hidden = true;
  }
}

// follow shows each answer of a subscription as it comes.
async function follow(body, signal) {
  const response = await fetch('/graphql', { method: 'POST', body, headers: headers('text/event-stream'), signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let count = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const events = (rest + value).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const data = event.match(/^event: next\ndata: (.*)$/s);
      if (data) {
        show(JSON.parse(data[1]));
        state.textContent = `${++count} received`;
      }
    }
  }
  state.textContent = `Ended after ${count}`;
}

const named = (type) => (type.kind === 'NON_NULL' ? `${named(type.ofType)}!` : type.kind === 'LIST' ? `[${named(type.ofType)}]` : type.name);

const part = (tag, text) => {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
};

function describe(type) {
  const details = document.createElement('details');
  details.append(part('summary', type.name), part('p', type.description ?? ''));
  for (const field of type.fields ?? type.inputFields ?? type.enumValues ?? []) {
    const args = field.args?.length ? `(${field.args.map((a) => `${a.name}: ${named(a.type)}`).join(', ')})` : '';
    details.append(part('code', field.name + args + (field.type ? `: ${named(field.type)}` : '')), part('p', field.description ?? ''));
  }
  details.dataset.text = details.textContent.toLowerCase();
  return details;
}

const reference = 'type { ...T }';
const introspection = `query {
  __schema { types { name kind description
    fields { name description args { name type { ...T } } ${reference} }
    inputFields { name description ${reference} }
    enumValues { name description } } }
}
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

async function loadSchema() {
  const response = await fetch('/graphql', {
    method: 'POST', body: JSON.stringify({ query: introspection }), headers: headers('application/json'),
  });
  const schema = (await response.json()).data?.__schema;
  types.replaceChildren();
  if (!schema) {
    types.append(part('p', 'The schema is shown with the token of an admin.'));
    return;
  }
  for (const type of schema.types) {
    if (!type.name.startsWith('__')) types.append(describe(type));
  }
}

run.addEventListener('click', ask);
stop.addEventListener('click', () => running?.abort());
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') ask();
});
find.addEventListener('input', () => {
  for (const type of types.children) {
    type.hidden = !(type.dataset.text ?? '').includes(find.value.toLowerCase());
  }
});
token.addEventListener('change', loadSchema);
loadSchema();
