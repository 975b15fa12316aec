import { useRef } from 'react';

/**
 * Keeps the idempotency key of what a form creates: what is sent again after a failure is stored once, and what was corrected is another
 * request. @returns the key of a body
 */
export function useIdempotencyKey(): (body: unknown) => string {
  const last = useRef({ body: '', key: '' });
  return (body) => {
    const text = JSON.stringify(body);
    if (last.current.body !== text) last.current = { body: text, key: crypto.randomUUID() };
    return last.current.key;
  };
}
