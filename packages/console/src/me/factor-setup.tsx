import { ClientelaError, type TotpSecret } from '@clientela/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { Form } from '../forms/form.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { PasswordField } from '../ui/password-field.tsx';
import { CodeField, codeError, digitsOf } from './code-field.tsx';

type FactorSetupProps = { onCodes: (codes: readonly string[]) => void; onCancel: () => void };

/** Sets an authenticator app up: the password, then the QR code and a first code of the app. */
export function FactorSetup({ onCodes, onCancel }: FactorSetupProps) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const [secret, setSecret] = useState<TotpSecret>();
  const { submit, error, isBusy } = useSubmit(async () => {
    setSecret(await api.auth.mfa.totp.start({ current_password: password }));
  });
  if (secret) return <ConfirmSetup secret={secret} onCodes={onCodes} onCancel={onCancel} />;
  const fields = error instanceof ClientelaError ? error.fields : {};
  return (
    <Form onSubmit={() => void submit()} error={error} shown={['current_password']}>
      <p className={styles.hint}>{t('me.passwordFirst')}</p>
      <PasswordField
        label={t('common.password')}
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        error={fields['current_password']}
        isRequired
        autoFocus
      />
      <div className={styles.buttons}>
        <Button type="submit" look="primary" isPending={isBusy}>
          {t('me.continue')}
        </Button>
        <Button onPress={onCancel}>{t('common.cancel')}</Button>
      </div>
    </Form>
  );
}

function ConfirmSetup({ secret, onCodes, onCancel }: FactorSetupProps & { secret: TotpSecret }) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const { submit, error, isBusy } = useSubmit(async () => {
    const { recovery_codes } = await api.auth.mfa.totp.confirm({ code: digitsOf(code) });
    onCodes(recovery_codes);
  });
  return (
    <Form onSubmit={() => void submit()} error={codeError(error, t) ? undefined : error} shown={['code']}>
      <p className={styles.hint}>{t('me.scan')}</p>
      {/* The server draws the code; as the source of a picture, nothing in it can run. */}
      <img
        className={styles.qr}
        src={`data:image/svg+xml,${encodeURIComponent(secret.qr_svg)}`}
        alt={t('me.qr')}
        width={192}
        height={192}
      />
      <p className={styles.hint}>
        {t('me.secretHint')} <code className={styles.code}>{secret.secret}</code>
      </p>
      <CodeField value={code} onChange={setCode} error={codeError(error, t)} />
      <div className={styles.buttons}>
        <Button type="submit" look="primary" isPending={isBusy}>
          {t('me.turnOn')}
        </Button>
        <Button onPress={onCancel}>{t('common.cancel')}</Button>
      </div>
    </Form>
  );
}
