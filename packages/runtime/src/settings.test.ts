import { expect, test } from 'vitest';
import { isRefusedPort, Port } from './settings.ts';

test('a port is one that fetch and browsers do not refuse', async () => {
  const refused = Array.from({ length: 65_536 }, (_, port) => port).filter(isRefusedPort);
  const errors = await Promise.all(
    refused.map((port) => fetch(`http://127.0.0.1:${port}`).catch(({ cause }: { cause: Error }) => cause.message)),
  );
  expect(errors).toEqual(refused.map(() => 'bad port'));
  expect(refused.filter((port) => Port.safeParse(port).success)).toEqual([]);
  for (const port of [80, 443, 8001, 8080, 10_081]) expect(Port.parse(String(port))).toBe(port);
});
