import { sleep } from './call.ts';
import { ClientelaError } from './errors.ts';
import type { createResources } from './generated/resources.ts';
import type { Import, Job } from './generated/schema.ts';
import type { Options } from './types.ts';

type Resources = ReturnType<typeof createResources>;
type WaitOptions<T> = Options<'companyId'> & {
  /** Is called with the state whenever it has changed. */
  onProgress?: ((state: T) => void) | undefined;
};

export type Waiting = {
  jobs: {
    /** Waits until a job has ended, well or not: look at its `status`. */
    wait: (job_id: string, options?: WaitOptions<Job>) => Promise<Job>;
  };
  imports: {
    /** Waits until an import has ended, well or not: look at its `status`. */
    wait: (import_id: string, options?: WaitOptions<Import>) => Promise<Import>;
  };
};

const maxSilence = 30_000; // ms; the API sends a comment every 10 s
const longestPause = 5000; // ms

/** The functions that wait for the end of work in the background. */
export const createWaiting = ({ jobs, imports }: Resources): Waiting => ({
  jobs: {
    wait: (id, { onProgress, ...options } = {}) => poll(() => jobs.get(id, options), onProgress, options.signal),
  },
  imports: {
    wait: async (id, { onProgress, ...options } = {}) => {
      const load = async () => (await imports.get(id, options)).import;
      try {
        for await (const state of readEvents<Import>(await imports.follow(id, options))) {
          onProgress?.(state);
          if (hasEnded(state)) return state;
        }
      } catch (error) {
        options.signal?.throwIfAborted();
        if (error instanceof ClientelaError && error.status > 0 && error.status < 500) throw error;
      }
      return poll(load, onProgress, options.signal); // the stream was cut
    },
  },
});

const hasEnded = ({ status }: { status: string }) => ['done', 'cancelled', 'failed'].includes(status);

async function poll<T extends { status: string }>(
  load: () => Promise<T>,
  onProgress: ((state: T) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<T> {
  let last = '';
  for (let pause = 500; ; pause = Math.min(longestPause, pause * 1.5)) {
    const state = await load();
    const text = JSON.stringify(state);
    if (text !== last) onProgress?.(state);
    last = text;
    if (hasEnded(state)) return state;
    await sleep(pause);
    signal?.throwIfAborted();
  }
}

/** Reads the data of server-sent events (HTML, 9.2.6), which the API sends as one line of JSON each. */
async function* readEvents<T>(stream: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const timer = setTimeout(() => void reader.cancel().catch(() => undefined), maxSilence);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('data:')) yield JSON.parse(line.slice(5)) as T;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
