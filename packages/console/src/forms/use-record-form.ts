import { ClientelaError, StaleError } from '@clientela/client';
import { useState } from 'react';
import { changesOf, threeWay } from './three-way.ts';

/** The fields of a form, as texts. */
type Values = Readonly<Record<string, string>>;

export type Stored<V extends Values> = { values: V; version: number };

type Work<V extends Values> = {
  stored: Stored<V>;
  /** Sends the changed fields, based on a version. @returns what is stored then */
  save: (changes: Partial<V>, version: number) => Promise<Stored<V>>;
  /** Reads the record again, after somebody else changed it. */
  read: () => Promise<Stored<V>>;
  onSaved: (taken: string[]) => void;
};

/**
 * Keeps a form of a stored record. Only changed fields are sent. When somebody else changed the record meanwhile, other fields are
 * joined without a question; a field that both changed stays as typed, and `conflicts` has the stored value to choose from.
 */
export function useRecordForm<V extends Values>({ stored, save, read, onSaved }: Work<V>) {
  const [base, setBase] = useState(stored);
  const [draft, setDraft] = useState(stored.values);
  const [conflicts, setConflicts] = useState<Partial<V>>({});
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const isDirty = Object.keys(changesOf(base.values, draft)).length > 0;
  if (stored.version > base.version && !isDirty && !isBusy) {
    setBase(stored);
    setDraft(stored.values);
  }

  /** Sends; after somebody else's change once more, when no field was changed by both. */
  const send = async (from: Stored<V>, values: V, taken: string[]): Promise<void> => {
    const changes = changesOf(from.values, values);
    try {
      const isStored = Object.keys(changes).length === 0; // somebody else stored the same meanwhile
      const saved = isStored ? from : await save(changes, from.version);
      setBase(saved);
      setDraft(saved.values);
      setConflicts({});
      onSaved(taken);
    } catch (failure) {
      if (!(failure instanceof StaleError)) throw failure;
      const fresh = await read();
      const merged = threeWay(from.values, values, fresh.values);
      setBase(fresh);
      setDraft(merged.values);
      if (merged.clashes.length === 0 && taken.length === 0) await send(fresh, merged.values, merged.taken);
      else setConflicts(Object.fromEntries(merged.clashes.map(({ field, theirs }) => [field, theirs])) as Partial<V>);
    }
  };
  const submit = async () => {
    if (isBusy || !isDirty) return;
    setBusy(true);
    setError(undefined);
    try {
      await send(base, draft, []);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const set = (key: keyof V & string) => (value: string) => setDraft((all) => ({ ...all, [key]: value }));
  const settle = (key: keyof V & string, value: string) => {
    set(key)(value);
    setConflicts((all) => ({ ...all, [key]: undefined }));
  };
  const reset = () => {
    setDraft(base.values);
    setConflicts({});
    setError(undefined);
  };
  const fields = error instanceof ClientelaError ? error.fields : {};
  return { draft, set, conflicts, settle, isDirty, isBusy, submit, reset, error, fields };
}
