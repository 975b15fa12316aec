import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Form } from '../forms/form.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import styles from './bar.module.css';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { focusIfLost } from './focus.tsx';
import { TextField } from './text-field.tsx';

type ConfirmProps = {
  title: string;
  /** The verb on the button. */
  action: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  /** What has to be typed first, such as the name of a company. */
  typed?: string;
  children: ReactNode;
};

/** Asks before something that has no way back. It closes when that is done; a failure stays in it. */
export function Confirm({ title, action, onConfirm, onClose, typed, children }: ConfirmProps) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const isReady = typed === undefined || text.trim() === typed.trim();
  const { submit, error, isBusy } = useSubmit(async () => {
    await onConfirm();
    onClose();
    focusIfLost('h1'); // the button that opened it may be gone
  });
  return (
    <Dialog role="alertdialog" title={title} isOpen onClose={onClose} isDismissable={false}>
      <Form onSubmit={() => isReady && void submit()} error={error} shown={[]}>
        <div className={styles.hint}>{children}</div>
        {typed !== undefined && (
          <TextField label={t('lists.typeName', { name: typed })} value={text} onChange={setText} autoFocus />
        )}
        <div className={styles.buttons}>
          <Button type="submit" look="danger" isDisabled={!isReady} isPending={isBusy}>
            {action}
          </Button>
          <Button onPress={onClose} autoFocus={typed === undefined}>
            {t('common.cancel')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
