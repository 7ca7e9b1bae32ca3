// What the official library's types say of Stripe's objects.

import { readFileSync } from 'node:fs';

/** The fields of an object: each name, and whether it may be absent. */
export function fieldsOf(file, name) {
  const url = new URL(`./node_modules/stripe/esm/resources/${file}.d.ts`, import.meta.url);
  const text = readFileSync(url, 'utf8');
  const start = text.search(new RegExp(`^export (declare )?interface ${name}(Base)? \\{`, 'm'));
  if (start < 0) throw new Error(`${file} has no interface ${name}`);
  const body = text.slice(start, text.indexOf('\n}', start));
  // Indented once: what is inside of a field is deeper.
  const found = body.matchAll(/^ {4}(\w+)(\??):/gm);
  return new Map(Array.from(found, ([, field, absent]) => [field, absent === '?']));
}
