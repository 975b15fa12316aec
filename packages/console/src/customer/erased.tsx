import type { ErasureRequest } from '@clientela/client';
import { useTranslation } from 'react-i18next';
import { formatInstant } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { useNames } from '../api/people.ts';
import { FocusHeading } from '../ui/focus.tsx';
import { Receipt } from './receipt.tsx';

/** What is left of a customer who was erased: that it was done, by whom, and the receipt. */
export function Erased({ request }: { request: ErasureRequest }) {
  const { t } = useTranslation();
  const nameOf = useNames([request.requested_by]);
  const isDone = request.done_at !== null;
  const waiting = Object.entries(request.services)
    .filter(([, state]) => state !== 'done')
    .map(([service]) => t(`frame.service.${service}` as 'frame.service.auth'));
  return (
    <>
      <FocusHeading />
      <Notice kind="warning">
        {t('customer.erase.requested', {
          at: formatInstant(request.requested_at),
          name: nameOf(request.requested_by),
        })}
        {'. '}
        {isDone ? t('customer.erase.can') : t('customer.erase.waiting', { services: waiting.join(', ') })}
      </Notice>
      {isDone && <Receipt requestId={request.id} />}
    </>
  );
}
