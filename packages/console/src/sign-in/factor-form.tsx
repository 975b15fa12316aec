import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ClientelaError } from '@clientela/client';
import { answerFactor } from '../api/sign-in.ts';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { TextField } from '../ui/text-field.tsx';
import styles from './layout.module.css';
import { useSubmit } from '../forms/use-submit.ts';

/** The code of an authenticator app, or a recovery code. */
export function FactorForm({ token, onStartAgain }: { token: string; onStartAgain: () => void }) {
  const { t } = useTranslation();
  const [isRecovery, setRecovery] = useState(false);
  const [code, setCode] = useState('');
  const { submit, error, isBusy, clear } = useSubmit(async () => {
    const typed = code.replaceAll(/\s/g, '');
    await answerFactor(token, isRecovery ? { recovery_code: typed } : { code: typed });
  });
  const isWrong = error instanceof ClientelaError && [401, 422].includes(error.status);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submit();
  };
  return (
    <form className={styles.form} onSubmit={onSubmit} noValidate>
      <p className={styles.hint}>{t('signIn.factorHint')}</p>
      <TextField
        key={String(isRecovery)}
        label={isRecovery ? t('signIn.recoveryCode') : t('signIn.code')}
        inputMode={isRecovery ? 'text' : 'numeric'}
        autoComplete="one-time-code"
        value={code}
        onChange={setCode}
        autoFocus
      />
      {isWrong && <Notice kind="error">{t('signIn.wrongCode')}</Notice>}
      {error !== undefined && !isWrong && <Failure error={error} />}
      <Button type="submit" look={['primary', 'wide']} isPending={isBusy}>
        {t('signIn.verify')}
      </Button>
      <div className={styles.links}>
        <Button
          look="link"
          onPress={() => {
            setRecovery(!isRecovery);
            setCode('');
            clear();
          }}
        >
          {isRecovery ? t('signIn.useCode') : t('signIn.useRecovery')}
        </Button>
        <Button look="link" onPress={onStartAgain}>
          {t('signIn.startAgain')}
        </Button>
      </div>
    </form>
  );
}
