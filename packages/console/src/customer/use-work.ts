import { useTranslation } from 'react-i18next';
import { attempt } from '../ui/attempt.ts';
import { focusIfLost } from '../ui/focus.tsx';
import { refreshCustomer } from './queries.ts';

/** Where the focus goes when an entry is gone that had it. */
export const selectedTab = '[role="tab"][aria-selected="true"]';

/** Runs what a button does with something of a customer, says why it failed, and reads everything about the customer again. */
export function useWork(customerId: string, fallback = selectedTab): (work: () => Promise<unknown>) => Promise<void> {
  const { t } = useTranslation();
  return async (work) => {
    await attempt(t, work);
    await refreshCustomer(customerId);
    focusIfLost(fallback);
  };
}
