import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ClientelaError } from '@clientela/client';
import { api } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { TextField } from '../ui/text-field.tsx';
import styles from './layout.module.css';
import { SignInLayout } from './layout.tsx';
import { useSubmit } from '../forms/use-submit.ts';

/** Asks for the mail with which a new password is set. */
export function ForgotPage() {
  const { t } = useTranslation();
  const [email, setEmail] = useState('');
  const [isSent, setSent] = useState(false);
  const { submit, error, isBusy } = useSubmit(async () => {
    await api.auth.forgotPassword({ email });
    setSent(true);
  });
  const fieldError = error instanceof ClientelaError ? error.fields['email'] : undefined;
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submit();
  };
  return (
    <SignInLayout title={t('signIn.forgotTitle')}>
      {isSent ? (
        <Notice>{t('signIn.linkSent')}</Notice>
      ) : (
        <form className={styles.form} onSubmit={onSubmit} noValidate>
          <p className={styles.hint}>{t('signIn.forgotHint')}</p>
          <TextField
            label={t('common.email')}
            type="email"
            autoComplete="username"
            value={email}
            onChange={setEmail}
            error={fieldError}
            isRequired
            autoFocus
          />
          {error !== undefined && fieldError === undefined && <Failure error={error} />}
          <Button type="submit" look={['primary', 'wide']} isPending={isBusy}>
            {t('signIn.sendLink')}
          </Button>
        </form>
      )}
      <div className={styles.links}>
        <Link to="/sign-in">{t('signIn.backToSignIn')}</Link>
      </div>
    </SignInLayout>
  );
}
