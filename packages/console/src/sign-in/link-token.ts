import { useState } from 'react';

/**
 * Reads the token of a mail's link from the fragment, which browsers send to nobody, and takes it out of the address: it stays in no
 * history and no screenshot.
 */
export function useLinkToken(): string | undefined {
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token') ?? undefined);
  if (location.hash !== '') history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}
