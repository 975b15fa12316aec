import type { DemoSummary } from './create-demo-data.ts';

/** Says how to sign in to the demo company, and what to look at. */
export function demoInstructions(url: string, { email, password, company, customer }: DemoSummary): string {
  const bearer = '-H "authorization: Bearer $TOKEN"';
  return `
${company} is ready. Sign in at ${url}/console with
  e-mail:   ${email}
  password: ${password}

Try it: paste these lines into one shell, one after the other. The token lives for some minutes; the first line gets a new one.
  TOKEN=$(curl -s ${url}/auth/login -H 'content-type: application/json' -d '{"email":"${email}","password":"${password}"}' | sed 's/.*"access_token" *: *"\\([^"]*\\)".*/\\1/')
  curl -s '${url}/api/customers?search=jurgen' ${bearer}
  curl -s ${url}/api/customers/${customer.id} ${bearer}
  curl -s ${url}/api/customers/${customer.id}/notes ${bearer}
  curl -s ${url}/api/customers/${customer.id}/interactions ${bearer}
  curl -s '${url}/api/favorites?user_id=${customer.number}' ${bearer}
`;
}
