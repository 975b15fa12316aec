import { ClientelaError } from '@clientela/client';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { PasswordField } from '../ui/password-field.tsx';
import styles from './layout.module.css';
import { SignInLayout } from './layout.tsx';
import { useLinkToken } from './link-token.ts';
import { useSubmit } from '../forms/use-submit.ts';

/** Sets a new password with the token of a mail. */
export function ResetPage() {
  const { t } = useTranslation();
  const token = useLinkToken();
  const [password, setPassword] = useState('');
  const [isDone, setDone] = useState(false);
  const { submit, error, isBusy } = useSubmit(async () => {
    await api.auth.resetPassword({ token: token ?? '', new_password: password });
    setDone(true);
  });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submit();
  };
  const fieldError = error instanceof ClientelaError ? error.fields['new_password'] : undefined;
  return (
    <SignInLayout title={t('signIn.resetTitle')}>
      {token === undefined && <Notice kind="error">{t('signIn.noToken')}</Notice>}
      {isDone && <Notice kind="success">{t('signIn.passwordSet')}</Notice>}
      {token !== undefined && !isDone && (
        <form className={styles.form} onSubmit={onSubmit} noValidate>
          <PasswordField
            label={t('signIn.newPassword')}
            description={t('signIn.passwordHint')}
            error={fieldError}
            autoComplete="new-password"
            value={password}
            onChange={setPassword}
            isRequired
            autoFocus
          />
          {error !== undefined && fieldError === undefined && <Failure error={error} />}
          <Button type="submit" look={['primary', 'wide']} isPending={isBusy}>
            {t('signIn.setPassword')}
          </Button>
        </form>
      )}
      <div className={styles.links}>
        <Link to="/sign-in">{t('signIn.backToSignIn')}</Link>
      </div>
    </SignInLayout>
  );
}
