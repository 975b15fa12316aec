import { randomBytes } from 'node:crypto';

/** Shows the address of the console, the URL of the API, and four commands to paste. New credentials each time, so that the commands work and no account is well known. */
export function banner(url: string, hasConsole = false): string {
  const email = `ana-${randomBytes(3).toString('hex')}@example.com`;
  const password = `try-${randomBytes(6).toString('hex')}`;
  const json = `-H 'content-type: application/json'`;
  const bearer = '-H "authorization: Bearer $TOKEN"';
  const console = hasConsole ? `\nOpen the console: ${url}/console\n` : '';
  return `${console}
Clientela is running at ${url}    (Ctrl-C stops it, "npm run logs" follows its logs)

Try it: paste these lines into one shell, one after the other; docs/first-steps.md continues.
  curl -s ${url}/auth/register ${json} -d '{"email":"${email}","password":"${password}","name":"Ana","company_name":"Ana Ltd"}'
  TOKEN=$(curl -s ${url}/auth/login ${json} -d '{"email":"${email}","password":"${password}"}' | sed 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/')
  curl -s ${url}/api/customers ${bearer} ${json} -d '{"full_name":"Émile Zola","email":"emile@example.com"}'
  curl -s ${url}/api/customers ${bearer}
`;
}
