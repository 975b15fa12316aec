import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Failure } from '../ui/failure.tsx';
import { Pill } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { FactorSetup } from './factor-setup.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';
import { RemoveFactor } from './remove-factor.tsx';
import { ReplaceCodes } from './replace-codes.tsx';
import { changedOwn, factorQuery } from './queries.ts';

/** Whether sign-in asks for a code, and the ways to change that. */
export function SecondFactor() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(factorQuery);
  const [step, setStep] = useState<'setup' | 'remove' | 'replace'>();
  const [codes, setCodes] = useState<readonly string[]>();
  const close = () => {
    setStep(undefined);
    setCodes(undefined);
    void changedOwn();
  };
  const titles = { setup: 'me.setUp', remove: 'me.removeFactor', replace: 'me.newCodes' } as const;
  return (
    <section className={styles.section} aria-labelledby="factor">
      <h2 id="factor">{t('me.factor')}</h2>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton lines={2} />}
      {data && (
        <>
          <p className={styles.hint}>
            <Pill tone={data.totp ? 'green' : 'amber'} dot>
              {t(data.totp ? 'me.factorOn' : 'me.factorOff')}
            </Pill>{' '}
            {data.totp ? t('me.codesLeft', { count: data.recovery_codes_left }) : t('me.factorHint')}
          </p>
          <div className={styles.buttons}>
            {!data.totp && (
              <Button look="primary" onPress={() => setStep('setup')}>
                {t('me.setUp')}
              </Button>
            )}
            {data.totp && (
              <>
                <Button onPress={() => setStep('replace')}>{t('me.newCodes')}</Button>
                <Button onPress={() => setStep('remove')}>{t('me.removeFactor')}</Button>
              </>
            )}
          </div>
        </>
      )}
      {step !== undefined && (
        <Dialog
          title={codes ? t('me.codesTitle') : t(titles[step])}
          isOpen
          isDismissable={false}
          isKeyboardDismissDisabled={codes !== undefined}
          onClose={close}
        >
          {codes && <RecoveryCodes codes={codes} onDone={close} />}
          {!codes && step === 'setup' && <FactorSetup onCodes={setCodes} onCancel={close} />}
          {!codes && step === 'replace' && <ReplaceCodes onCodes={setCodes} onCancel={close} />}
          {!codes && step === 'remove' && <RemoveFactor onDone={close} />}
        </Dialog>
      )}
    </section>
  );
}
