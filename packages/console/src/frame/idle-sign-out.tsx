import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { signOut } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { startIdleClock } from './idle-clock.ts';

/** Warns two minutes before the idle time is over, in every tab, and signs out then. */
export function IdleSignOut({ minutes }: { minutes: number }) {
  const { t } = useTranslation();
  const [left, setLeft] = useState<number>();
  const clock = useRef<ReturnType<typeof startIdleClock>>(undefined);
  useEffect(() => {
    const started = startIdleClock(minutes, setLeft);
    clock.current = started;
    return started.stop;
  }, [minutes]);
  if (left === undefined) return null;
  const announced = [30, 60].find((seconds) => left <= seconds);
  return (
    <Dialog
      role="alertdialog"
      title={t('idle.title')}
      isOpen
      isDismissable={false}
      onClose={() => clock.current?.stay()}
      actions={
        <>
          <Button onPress={() => void signOut()}>{t('frame.signOut')}</Button>
          <Button look="primary" autoFocus onPress={() => clock.current?.stay()}>
            {t('idle.stay')}
          </Button>
        </>
      }
    >
      <p>{t('idle.hint')}</p>
      <p role="timer">{t('idle.left', { count: left })}</p>
      <p role="status" className="visually-hidden">
        {announced !== undefined && t('idle.left', { count: announced })}
      </p>
    </Dialog>
  );
}
