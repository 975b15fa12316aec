import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { Form } from '../forms/form.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { CodeField, codeError, digitsOf } from './code-field.tsx';

type ReplaceCodesProps = { onCodes: (codes: readonly string[]) => void; onCancel: () => void };

/** Replaces the recovery codes; the earlier ones end. */
export function ReplaceCodes({ onCodes, onCancel }: ReplaceCodesProps) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const { submit, error, isBusy } = useSubmit(async () => {
    const { recovery_codes } = await api.auth.mfa.recoveryCodes.replace({ code: digitsOf(code) });
    onCodes(recovery_codes);
  });
  return (
    <Form onSubmit={() => void submit()} error={codeError(error, t) ? undefined : error} shown={['code']}>
      <p className={styles.hint}>{t('me.newCodesHint')}</p>
      <CodeField value={code} onChange={setCode} error={codeError(error, t)} />
      <div className={styles.buttons}>
        <Button type="submit" look="primary" isPending={isBusy}>
          {t('me.newCodes')}
        </Button>
        <Button onPress={onCancel}>{t('common.cancel')}</Button>
      </div>
    </Form>
  );
}
