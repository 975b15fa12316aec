import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from '../ui/bar.module.css';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Secret } from '../ui/secret.tsx';
import { Checkbox } from '../ui/checkbox.tsx';

/** The recovery codes, which are shown this one time: it closes when the person says that they are kept. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { t } = useTranslation();
  const [isKept, setKept] = useState(false);
  return (
    <>
      <Notice kind="warning">{t('me.codesHint')}</Notice>
      <Secret label={t('me.codesTitle')} lines={codes} filename="clientela-recovery-codes.txt" />
      <Checkbox isSelected={isKept} onChange={setKept}>
        {t('me.codesKept')}
      </Checkbox>
      <div className={styles.buttons}>
        <Button look="primary" onPress={onDone} isDisabled={!isKept}>
          {t('me.done')}
        </Button>
      </div>
    </>
  );
}
