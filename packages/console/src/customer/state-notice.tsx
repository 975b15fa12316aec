import type { Customer } from '@clientela/client';
import { useTranslation } from 'react-i18next';
import { Notice } from '../ui/notice.tsx';
import { Restore } from './restore.tsx';

/** Says on top that the customer is deleted, or exists no more, and what can still be done. */
export function StateNotice({ customer, isGone }: { customer: Customer; isGone: boolean }) {
  const { t } = useTranslation();
  if (isGone) return <Notice kind="error">{t('customer.state.gone')}</Notice>;
  return (
    <Notice kind="warning">
      {t('customer.state.deleted')} <Restore customer={customer} />
    </Notice>
  );
}
