import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Form } from './form.tsx';
import { LeaveGuard } from './leave-guard.tsx';

type FormDialogProps = {
  title: string;
  isWide?: boolean;
  onClose: () => void;
  onSubmit: () => void;
  /** The verb of what it creates, such as "Create customer". Without it "Save", which waits for a change. */
  submitText?: string;
  isSubmitDisabled?: boolean;
  error: unknown;
  /** Fields that show their own error. */
  shown: readonly string[];
  /** Whether something was typed: then it closes by its buttons only, and leaving the page asks. */
  isDirty: boolean;
  isBusy: boolean;
  children: ReactNode;
};

/** A form in a dialog. Nothing typed is lost by Escape, a click beside it or a link. */
export function FormDialog({ title, isWide, onClose, onSubmit, submitText, isDirty, ...props }: FormDialogProps) {
  const { t } = useTranslation();
  const { isSubmitDisabled = submitText === undefined && !isDirty, error, shown, isBusy, children } = props;
  return (
    <Dialog
      title={title}
      isOpen
      isWide={isWide}
      onClose={onClose}
      isDismissable={!isDirty}
      isKeyboardDismissDisabled={isDirty}
    >
      <Form onSubmit={onSubmit} error={error} shown={shown}>
        {children}
        <div className={styles.buttons}>
          <Button type="submit" look="primary" isPending={isBusy} isDisabled={isSubmitDisabled}>
            {submitText ?? t('common.save')}
          </Button>
          <Button onPress={onClose}>{t('common.cancel')}</Button>
        </div>
        <LeaveGuard isDirty={isDirty} />
      </Form>
    </Dialog>
  );
}
