import { services } from '@clientela/contracts';
import { expect, test } from 'vitest';
import { sendRaw, signToken, startTestGateway, user_id } from './testing/gateway.ts';

type DeclaredRoute = { method: string; path: string; allow: unknown };

/** The internal routes of all services. Loaded by path, because no package depends on a service. */
async function internalRoutes(): Promise<DeclaredRoute[]> {
  const modules = services.map(async (service) => {
    const { href } = new URL(`../../services/${service}/src/app.ts`, import.meta.url);
    const { routes } = (await import(href)) as { routes: (deps: object) => DeclaredRoute[] };
    return routes({});
  });
  const isInternal = ({ allow }: DeclaredRoute) => typeof allow === 'object' && allow !== null && 'internal' in allow;
  return (await Promise.all(modules)).flat().filter(isInternal);
}

const encode = (text: string) =>
  [...text].map((character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
const encodeTwice = (text: string) => encode(text).replaceAll('%', '%25');
const insteadOf = (word: string) => (path: string) => path.replace('internal', word);

/** Other spellings of a path that some server reads as the same path. */
const spellings: Record<string, (path: string) => string> = {
  unchanged: (path) => path,
  'with a slash after it': (path) => `${path}/`,
  'with two slashes after it': (path) => `${path}//`,
  'with a query': (path) => `${path}?a=b`,
  'with an encoded query': (path) => `${path}%3Fa=b`,
  'with a fragment': (path) => `${path}#a`,
  'with an encoded fragment': (path) => `${path}%23a`,
  'in capitals': (path) => path.toUpperCase(),
  'with a capital': insteadOf('Internal'),
  'in mixed case': insteadOf('iNtErNaL'),
  'encoded, one letter': insteadOf(`${encode('i')}nternal`),
  'encoded, the last letter': insteadOf(`interna${encode('l')}`),
  'encoded, the word': insteadOf(encode('internal')),
  'encoded in capitals': insteadOf(encode('internal').toUpperCase()),
  'encoded, a capital': insteadOf(`${encode('I')}nternal`),
  'encoded twice, one letter': insteadOf(`${encodeTwice('i')}nternal`),
  'encoded twice, the word': insteadOf(encodeTwice('internal')),
  'encoded, the whole path': (path) => `/${encode(path.slice(1))}`,
  'encoded, every slash': (path) => `/${path.slice(1).replaceAll('/', '%2F')}`,
  'encoded, the slash after the word': (path) => path.replace('internal/', 'internal%2f'),
  'encoded, the slash before the word': (path) => path.replace('/internal', '/x%2finternal'),
  'encoded twice, every slash': (path) => `/${path.slice(1).replaceAll('/', '%252F')}`,
  'with backslashes': (path) => path.replaceAll('/', '\\'),
  'with a backslash after the word': (path) => path.replace('internal/', 'internal\\'),
  'with encoded backslashes': (path) => `/${path.slice(1).replaceAll('/', '%5C')}`,
  'with two slashes before it': (path) => `/${path}`,
  'with two slashes before the word': (path) => path.replace('/internal', '//internal'),
  'with two slashes everywhere': (path) => path.replaceAll('/', '//'),
  'with a dot segment before it': (path) => `/.${path}`,
  'with a dot segment before the word': (path) => path.replace('/internal', '/./internal'),
  'with an encoded dot segment': (path) => path.replace('/internal', '/%2e/internal'),
  'with a parent segment': (path) => `/x/..${path}`,
  'with a parent segment before the word': (path) => path.replace('/internal', '/x/../internal'),
  'with an encoded parent segment': (path) => path.replace('/internal', '/x/%2e%2e/internal'),
  'with a half encoded parent segment': (path) => path.replace('/internal', '/x/.%2E/internal'),
  'with a parent segment behind an encoded slash': (path) => path.replace('/internal', '/x/..%2finternal'),
  'below a public path': (path) => `/api/customers/..${path}`,
  'below two public segments': (path) => `/api/customers/../..${path}`,
  'below an alias': (path) => `/rest/v1/../..${path}`,
  'with a path parameter': insteadOf('internal;a=b'),
  'with an empty path parameter': insteadOf('internal;'),
  'with an encoded semicolon': insteadOf('internal%3b'),
  'with NUL after the word': insteadOf('internal%00'),
  'with a space after the word': insteadOf('internal%20'),
  'with a tab before the word': insteadOf('%09internal'),
  'with a line feed after the word': insteadOf('internal%0a'),
  'with a line break after the word': insteadOf('internal%0d%0aX:%20y'),
  'with a dot after the word': insteadOf('internal.'),
  'with an encoded dot after the word': insteadOf('internal%2e'),
  'in overlong UTF-8': insteadOf('%c1%a9nternal'),
  'in full-width letters': insteadOf(encodeURIComponent('ｉｎｔｅｒｎａｌ')),
  'with a dotless i': insteadOf(encodeURIComponent('ınternal')),
  'with a zero-width space': insteadOf(encodeURIComponent('inter\u200bnal')),
  'with a file extension': (path) => `${path}.json`,
  'as an absolute form of our host': (path) => `http://a${path}`,
  'as an absolute form of a service': (path) => `http://127.0.0.1:8002${path}`,
  'as a scheme-relative form': (path) => `//a${path}`,
  'behind a user': (path) => `http://user@a${path}`,
};

test('no internal route is reachable through the gateway, in any spelling and with any credentials', async () => {
  const routes = await internalRoutes();
  const gateway = await startTestGateway({ committedRoutes: true });
  const superuser = signToken(gateway.key, { role: 'superuser', company_id: undefined });
  const credentials = `Authorization: Bearer ${superuser}\r\nX-Service-Key: ${gateway.serviceKey}\r\nX-User-Role: superuser\r\n`;
  const targets = routes.flatMap(({ method, path }) =>
    Object.entries(spellings).map(([name, spell]) => ({
      name: `${method.toUpperCase()} ${path} ${name}`,
      line: `${method.toUpperCase()} ${spell(path.replaceAll(/\{\w+\}/g, user_id))} HTTP/1.1\r\n`,
    })),
  );
  expect(targets.length).toBeGreaterThan(1600);

  const send = async ({ name, line }: (typeof targets)[number]): Promise<string[]> => {
    const response = await sendRaw(gateway.port, `${line}Host: a\r\n${credentials}Connection: close\r\n\r\n`);
    const status = response.slice(9, 12);
    return ['400', '404', '405'].includes(status) ? [] : [`${name}: ${status}`];
  };
  const problems: string[] = [];
  for (let at = 0; at < targets.length; at += 100)
    problems.push(...(await Promise.all(targets.slice(at, at + 100).map(send))).flat());
  expect(problems).toEqual([]);
  expect(gateway.reached).toEqual([]);
}, 120_000);
