import { openConnection } from './amqp-topology.ts';

/**
 * Opens a connection to RabbitMQ and closes it.
 * @returns why that failed, in a few words; undefined when it answers
 */
export async function checkBroker(url: string): Promise<string | undefined> {
  try {
    const { model } = await openConnection(url, 'check');
    await model.close();
    return undefined;
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    if (/ACCESS[-_]REFUSED/.test(message)) return 'it refuses the user and password';
    return code ?? (message.split('\n')[0] || 'no connection');
  }
}
