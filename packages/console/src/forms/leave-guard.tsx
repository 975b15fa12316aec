import { useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';

/** Asks once before a changed form is left; what was typed is in memory only. */
export function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const { t } = useTranslation();
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => isDirty && current.pathname !== next.pathname,
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  return (
    <Dialog
      role="alertdialog"
      title={t('forms.leaveTitle')}
      isOpen={status === 'blocked'}
      isDismissable={false}
      onClose={() => reset?.()}
      actions={
        <>
          <Button onPress={() => proceed?.()}>{t('forms.discard')}</Button>
          <Button look="primary" onPress={() => reset?.()}>
            {t('forms.stay')}
          </Button>
        </>
      }
    >
      <p>{t('forms.leaveHint')}</p>
    </Dialog>
  );
}
