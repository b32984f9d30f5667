// nodemailer's pool with Handlebars; tokens by node:crypto, which is the quickest way there is.
//
//   NODE_PATH=.../node_modules node nodemailer.cjs --workload DIR --host HOST --port PORT --connections N [--certificate PEM]
//
// Sends to everybody in DIR/contacts.csv, remembers nothing, exits with 1 at the first error. Two messages are kept
// ready for each connection, so that none waits for its next one to be composed. With a certificate to trust: over TLS, by
// STARTTLS.
'use strict';
const { createHmac, createSecretKey } = require('node:crypto');
const { createReadStream, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { createInterface } = require('node:readline');
const { parseArgs } = require('node:util');
const handlebars = require('handlebars');
const nodemailer = require('nodemailer');

const string = { type: 'string' };
const names = ['workload', 'host', 'port', 'connections', 'certificate'];
const given = parseArgs({ options: Object.fromEntries(names.map((name) => [name, string])) }).values;
const read = (name) => readFileSync(join(given.workload, name), 'utf8');
const terms = JSON.parse(read('terms.json'));
const key = createSecretKey(Buffer.from(terms.secret));
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = base64url({ alg: 'HS256', typ: 'JWT' });
const subject = handlebars.compile(read('subject.txt.hbs').trimEnd(), { noEscape: true });
const text = handlebars.compile(read('body.txt.hbs'), { noEscape: true });
const html = handlebars.compile(read('body.html.hbs'));

function mint(email) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    sub: `${email}:${terms.domain}`, nbf: now, exp: now + terms.lifetime, iat: now, redirect_to: terms.redirect_to,
  };
  const signed = `${header}.${base64url(claims)}`;
  const token = `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  return `https://${terms.domain}/sso?identifier=${encodeURIComponent(email)}&strategy=email&token=${token}`;
}

function compose(contact) {
  const names = { contact, link: { url: mint(contact.email) }, free: contact.plan === 'Free' };
  return {
    envelope: { from: terms.return_path, to: contact.email },
    from: terms.sender,
    to: contact.email,
    subject: subject(names),
    text: text(names),
    html: html(names),
    headers: {
      'List-Unsubscribe': `<${terms.unsubscribe}${contact.order_id}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    },
  };
}

async function* contacts() {
  let columns;
  for await (const line of createInterface({ input: createReadStream(join(given.workload, 'contacts.csv')) })) {
    const cells = line.split(',');
    if (columns) yield Object.fromEntries(columns.map((column, i) => [column, cells[i]]));
    else columns = cells;
  }
}

async function main() {
  const connections = Number(given.connections);
  const security = given.certificate
    ? { requireTLS: true, tls: { ca: readFileSync(given.certificate) } }
    : { ignoreTLS: true };
  const pool = nodemailer.createTransport({
    pool: true, host: given.host, port: Number(given.port), secure: false, name: 'sender.example',
    maxConnections: connections, maxMessages: Infinity, ...security,
  });
  const all = contacts();
  const deliver = async () => {
    for (let next = await all.next(); !next.done; next = await all.next()) await pool.sendMail(compose(next.value));
  };
  await Promise.all(Array.from({ length: 2 * connections }, deliver));
  pool.close();
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
