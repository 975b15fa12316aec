import { ClientelaError } from '@clientela/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { Form } from '../forms/form.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { PasswordField } from '../ui/password-field.tsx';
import { TextField } from '../ui/text-field.tsx';
import { toast } from '../ui/toast.tsx';
import { CodeField, codeError, digitsOf } from './code-field.tsx';

/** Turns the second factor off, by the password and a code of the app or a recovery code. */
export function RemoveFactor({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [isRecovery, setRecovery] = useState(false);
  const { submit, error, isBusy } = useSubmit(async () => {
    const proof = isRecovery ? { recovery_code: code.trim() } : { code: digitsOf(code) };
    await api.auth.mfa.totp.remove({ current_password: password, ...proof });
    toast(t('me.factorRemoved'));
    onDone();
  });
  const fields = error instanceof ClientelaError ? error.fields : {};
  const wrongCode = codeError(error, t);
  return (
    <Form
      onSubmit={() => void submit()}
      error={wrongCode ? undefined : error}
      shown={['current_password', 'code', 'recovery_code']}
    >
      <p className={styles.hint}>{t('me.removeHint')}</p>
      <PasswordField
        label={t('common.password')}
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        error={fields['current_password']}
        isRequired
      />
      {isRecovery ? (
        <TextField
          label={t('signIn.recoveryCode')}
          value={code}
          onChange={setCode}
          error={fields['recovery_code'] ?? wrongCode}
          isRequired
        />
      ) : (
        <CodeField value={code} onChange={setCode} error={wrongCode} />
      )}
      <Button
        look="link"
        onPress={() => {
          setRecovery(!isRecovery);
          setCode('');
        }}
      >
        {isRecovery ? t('signIn.useCode') : t('signIn.useRecovery')}
      </Button>
      <div className={styles.buttons}>
        <Button type="submit" look="danger" isPending={isBusy}>
          {t('me.removeFactor')}
        </Button>
        <Button onPress={onDone}>{t('common.cancel')}</Button>
      </div>
    </Form>
  );
}
