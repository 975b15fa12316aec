import { ClientelaError } from '@clientela/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Form } from '../forms/form.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { focusIfLost } from '../ui/focus.tsx';
import { TextField } from '../ui/text-field.tsx';
import { toast } from '../ui/toast.tsx';
import type { FailedEvent } from './page.tsx';
import { dropEvent } from './queries.ts';

/** Drops an event permanently, with a reason that the audit log keeps. */
export function DropDialog({ event, onClose }: { event: FailedEvent; onClose: () => void }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const { submit, error, isBusy } = useSubmit(async () => {
    await dropEvent(event.id, reason.trim());
    toast(t('failedEvents.dropped', { name: event.name }));
    onClose();
    focusIfLost('h1'); // the event is gone, and its button
  });
  const fields = error instanceof ClientelaError ? error.fields : {};
  return (
    <Dialog
      role="alertdialog"
      title={t('failedEvents.dropTitle', { name: event.name })}
      isOpen
      isDismissable={false}
      isKeyboardDismissDisabled={reason !== ''}
      onClose={onClose}
    >
      <Form onSubmit={() => void submit()} error={error} shown={['reason']}>
        <p className={styles.hint}>{t('failedEvents.dropHint')}</p>
        <TextField
          label={t('failedEvents.reason')}
          description={t('failedEvents.reasonHint')}
          value={reason}
          onChange={setReason}
          error={fields['reason']}
          isRequired
          autoFocus
        />
        <div className={styles.buttons}>
          <Button type="submit" look="danger" isPending={isBusy} isDisabled={reason.trim() === ''}>
            {t('failedEvents.drop')}
          </Button>
          <Button onPress={onClose}>{t('common.cancel')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}
