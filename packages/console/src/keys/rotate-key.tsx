import type { ApiKey, IssuedApiKey } from '@clientela/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Form } from '../forms/form.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Select } from '../ui/select.tsx';
import { rotateKey } from './queries.ts';

const graces = ['0', '1h', '24h', '7d'] as const;
type RotateKeyProps = { apiKey: ApiKey; onIssued: (issued: IssuedApiKey) => void; onClose: () => void };

/** Makes a new key in place of one, which works a while longer. */
export function RotateKey({ apiKey, onIssued, onClose }: RotateKeyProps) {
  const { t } = useTranslation();
  const [grace, setGrace] = useState<(typeof graces)[number]>('24h');
  const { submit, error, isBusy } = useSubmit(async () => onIssued(await rotateKey(apiKey.id, grace)));
  return (
    <Dialog title={t('keys.rotateTitle', { name: apiKey.name })} isOpen onClose={onClose}>
      <Form onSubmit={() => void submit()} error={error} shown={[]}>
        <p className={styles.hint}>{t('keys.rotateHint')}</p>
        <Select
          label={t('keys.grace')}
          value={grace}
          onChange={setGrace}
          options={graces.map((value) => ({ value, text: t(`keys.graces.${value}`) }))}
        />
        <div className={styles.buttons}>
          <Button type="submit" look="primary" isPending={isBusy}>
            {t('keys.rotate')}
          </Button>
          <Button onPress={onClose}>{t('common.cancel')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}
