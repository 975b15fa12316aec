import { ClientelaError } from '@clientela/client';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { TextField } from '../ui/text-field.tsx';

/** What was typed, without the spaces that apps show. */
export const digitsOf = (code: string): string => code.replaceAll(/\s/g, '');

/** The error of a code that is wrong or no code. */
export const codeError = (error: unknown, t: TFunction): string | undefined =>
  error instanceof ClientelaError && (error.code === 'MFA_CODE_INVALID' || 'code' in error.fields)
    ? t('signIn.wrongCode')
    : undefined;

type CodeFieldProps = { value: string; onChange: (value: string) => void; error: string | undefined };

/** The six digits of an authenticator app. */
export function CodeField({ value, onChange, error }: CodeFieldProps) {
  const { t } = useTranslation();
  return (
    <TextField
      label={t('signIn.code')}
      inputMode="numeric"
      autoComplete="one-time-code"
      value={value}
      onChange={onChange}
      error={error}
      isRequired
      autoFocus
    />
  );
}
