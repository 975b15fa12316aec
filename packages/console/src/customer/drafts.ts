import { useState } from 'react';
import { whenSignedOut } from '../api/session.ts';

const drafts = new Map<string, string>();

/** A text that somebody is writing. It is kept in memory, by record, until it is sent: leaving the page does not lose it. */
export function useDraft(key: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => drafts.get(key) ?? '');
  const change = (next: string) => {
    if (next === '') drafts.delete(key);
    else drafts.set(key, next);
    setText(next);
  };
  return [text, change];
}

whenSignedOut(() => drafts.clear());
