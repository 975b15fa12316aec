import { useState } from 'react';

/** Runs what a form does, once at a time, and keeps what it failed with. */
export function useSubmit(work: () => Promise<void>) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    if (isBusy) return;
    setBusy(true);
    try {
      await work();
      setError(undefined);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return { submit, error, isBusy, clear: () => setError(undefined) };
}
