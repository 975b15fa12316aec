import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ClientelaError } from '@clientela/client';
import { factorTokenOf, signIn } from '../api/sign-in.ts';
import { Button } from '../ui/button.tsx';
import { Failure, useCountdown } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { PasswordField } from '../ui/password-field.tsx';
import { TextField } from '../ui/text-field.tsx';
import { FactorForm } from './factor-form.tsx';
import styles from './layout.module.css';
import { useSubmit } from '../forms/use-submit.ts';

/** E-mail and password, then the second factor of those who have one. */
export function SignInForm({ email: known = '' }: { email?: string }) {
  const { t } = useTranslation();
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState('');
  const [factorToken, setFactorToken] = useState<string>();
  const { submit, error, isBusy } = useSubmit(async () => {
    try {
      await signIn(email, password);
    } catch (failure) {
      const token = factorTokenOf(failure);
      if (token === undefined) throw failure;
      setFactorToken(token);
    }
  });
  const left = useCountdown(error);

  if (factorToken !== undefined) {
    const startAgain = () => {
      setFactorToken(undefined);
      setPassword('');
    };
    return <FactorForm token={factorToken} onStartAgain={startAgain} />;
  }
  const isWrong = error instanceof ClientelaError && [401, 422].includes(error.status);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submit();
  };
  return (
    <form className={styles.form} onSubmit={onSubmit} noValidate>
      <TextField
        label={t('common.email')}
        type="email"
        name="email"
        autoComplete="username"
        value={email}
        onChange={setEmail}
        isRequired
        autoFocus={known === ''}
      />
      <PasswordField
        label={t('common.password')}
        name="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        isRequired
        autoFocus={known !== ''}
      />
      {isWrong && <Notice kind="error">{t('signIn.wrong')}</Notice>}
      {error !== undefined && !isWrong && <Failure error={error} />}
      <Button type="submit" look={['primary', 'wide']} isDisabled={left > 0} isPending={isBusy}>
        {t('signIn.submit')}
      </Button>
    </form>
  );
}
