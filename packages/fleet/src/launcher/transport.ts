import { checkBroker } from '@clientela/events';
import type { Settings } from './settings.ts';

/** Says how events reach their subscribers, and whether RabbitMQ answers where they go through it. Takes at most 5 s. */
export async function describeTransport({ overrides }: Pick<Settings, 'overrides'>): Promise<string> {
  const urls = Object.entries(overrides).flatMap(([name, url]) => (name.endsWith('RABBITMQ_URL') && url ? [url] : []));
  if (urls.length === 0) return 'services deliver events to each other over HTTP';
  const failures = await Promise.all([...new Set(urls)].map((url) => checkBroker(url)));
  const failure = failures.find((reason) => reason !== undefined);
  const { host } = new URL(urls[0] ?? '');
  const broker = `events go through RabbitMQ at ${host}`;
  return failure
    ? `${broker}, which does not answer (${failure}): they wait in the databases`
    : `${broker}, which answers`;
}
