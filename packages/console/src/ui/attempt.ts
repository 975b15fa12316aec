import type { TFunction } from 'i18next';
import { describeError } from './failure.tsx';
import { toast } from './toast.tsx';

/** Runs what a button does, and says in a toast why it failed. */
export async function attempt(t: TFunction, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    toast(describeError(error, t));
  }
}
