/** A country of fictional people: their names, phone format and document type. */
export type Country = {
  code: string;
  language: string;
  /** First names with their gender in the demo data. */
  first: readonly (readonly [name: string, gender: 'female' | 'male'])[];
  last: readonly string[];
  cities: readonly (readonly [city: string, state: string, zip_code: string])[];
  addressLines: readonly string[];
  /** Each `#` is replaced with a digit of the customer's index, from the right. */
  phone: string;
  /** A national document, in addition to passports. */
  document?: 'cpf' | 'rut' | 'cedula';
  family_name_first?: true;
};

const f = 'female';
const m = 'male';

export const countries: readonly Country[] = [
  {
    code: 'ES',
    language: 'es',
    phone: '+34 612 45 ## ##',
    first: [
      ['Lucía', f],
      ['Martín', m],
      ['Begoña', f],
      ['Íñigo', m],
      ['Nuria', f],
    ],
    last: ['Ibáñez', 'Peñalver', 'Sarmiento', 'Olmedo'],
    cities: [
      ['Sevilla', 'Andalucía', '41001'],
      ['Bilbao', 'Euskadi', '48001'],
      ['València', 'Comunitat Valenciana', '46001'],
    ],
    addressLines: ['Calle del Olivo', 'Avenida del Puerto'],
  },
  {
    code: 'PT',
    language: 'pt',
    phone: '+351 912 34####',
    first: [
      ['Inês', f],
      ['João', m],
      ['Conceição', f],
      ['Rui', m],
      ['Mafalda', f],
    ],
    last: ['Falcão', 'Carvalhal', 'Simões', 'Tavares'],
    cities: [
      ['Porto', 'Norte', '4000-008'],
      ['Coimbra', 'Centro', '3000-001'],
    ],
    addressLines: ['Rua das Flores', 'Travessa do Carmo'],
  },
  {
    code: 'BR',
    language: 'pt-BR',
    phone: '+55 11 9812#-####',
    document: 'cpf',
    first: [
      ['Thaís', f],
      ['Caetano', m],
      ['Luana', f],
      ['Otávio', m],
      ['Iara', f],
    ],
    last: ['Figueiredo', 'Assunção', 'Brandão', 'Montenegro'],
    cities: [
      ['São Paulo', 'SP', '01001-000'],
      ['Recife', 'PE', '50010-000'],
    ],
    addressLines: ['Rua da Aurora', 'Alameda dos Ipês'],
  },
  {
    code: 'CO',
    language: 'es-CO',
    phone: '+57 301 45#-####',
    document: 'cedula',
    first: [
      ['Ximena', f],
      ['Andrés', m],
      ['Yolanda', f],
      ['Édgar', m],
    ],
    last: ['Quiñones', 'Zuluaga', 'Echeverri', 'Bustamante'],
    cities: [
      ['Bogotá', 'Cundinamarca', '110111'],
      ['Medellín', 'Antioquia', '050001'],
    ],
    addressLines: ['Carrera 7', 'Calle 72'],
  },
  {
    code: 'CL',
    language: 'es-CL',
    phone: '+56 9 612# ####',
    document: 'rut',
    first: [
      ['Antonia', f],
      ['Benjamín', m],
      ['Rayén', f],
      ['Joaquín', m],
    ],
    last: ['Huenchumán', 'Arriagada', 'Oyarzún', 'Valdebenito'],
    cities: [
      ['Valparaíso', 'Valparaíso', '2340000'],
      ['Temuco', 'La Araucanía', '4780000'],
    ],
    addressLines: ['Paseo Atkinson', 'Avenida Alemania'],
  },
  {
    code: 'FR',
    language: 'fr',
    phone: '+33 6 12 34 ## ##',
    first: [
      ['Éloïse', f],
      ['Maël', m],
      ['Solène', f],
      ['Gaspard', m],
      ['Anaïs', f],
    ],
    last: ['Lefèvre', 'Charpentier', 'Dubreuil', 'Marchand'],
    cities: [
      ['Nantes', 'Pays de la Loire', '44000'],
      ['Lyon', 'Auvergne-Rhône-Alpes', '69001'],
    ],
    addressLines: ['Rue des Tanneurs', 'Quai de la Fosse'],
  },
  {
    code: 'DE',
    language: 'de',
    phone: '+49 1512 345####',
    first: [
      ['Jürgen', m],
      ['Friederike', f],
      ['Sören', m],
      ['Annegret', f],
      ['Käthe', f],
    ],
    last: ['Weißgerber', 'Möllmann', 'Brandstätter', 'Hohlfeld'],
    cities: [
      ['Leipzig', 'Sachsen', '04109'],
      ['Köln', 'Nordrhein-Westfalen', '50667'],
    ],
    addressLines: ['Lindenstraße', 'Am Mühlbach'],
  },
  {
    code: 'PL',
    language: 'pl',
    phone: '+48 512 34#-###',
    first: [
      ['Małgorzata', f],
      ['Paweł', m],
      ['Żaneta', f],
      ['Łukasz', m],
    ],
    last: ['Wróblewicz', 'Jabłonek', 'Gościniak', 'Śliwak'],
    cities: [
      ['Kraków', 'Małopolskie', '31-001'],
      ['Gdańsk', 'Pomorskie', '80-001'],
    ],
    addressLines: ['ulica Długa', 'ulica Lipowa'],
  },
  {
    code: 'SE',
    language: 'sv',
    phone: '+46 70 17# ## ##',
    first: [
      ['Åsa', f],
      ['Göran', m],
      ['Ebba', f],
      ['Torbjörn', m],
    ],
    last: ['Lindqvist', 'Sjöstrand', 'Björkman', 'Hallgren'],
    cities: [
      ['Malmö', 'Skåne', '211 20'],
      ['Umeå', 'Västerbotten', '903 25'],
    ],
    addressLines: ['Storgatan', 'Kyrkogatan'],
  },
  {
    code: 'GB',
    language: 'en-GB',
    phone: '+44 7400 12####',
    first: [
      ['Imogen', f],
      ['Rhys', m],
      ['Orla', f],
      ['Alasdair', m],
    ],
    last: ["O'Dowd", 'Pemberton', 'Llewelyn', 'Ashcroft-Hale'],
    cities: [
      ['Bristol', 'England', 'BS1 4DJ'],
      ['Dundee', 'Scotland', 'DD1 1DB'],
    ],
    addressLines: ['Orchard Lane', 'Harbour Street'],
  },
  {
    code: 'US',
    language: 'en-US',
    phone: '+1 212 45#-####',
    first: [
      ['Delilah', f],
      ['Marcus', m],
      ['Savannah', f],
      ['Theodore', m],
    ],
    last: ['Kowalczuk', 'Beaumont', 'Whitlock', 'Nakagawa'],
    cities: [
      ['Portland', 'OR', '97205'],
      ['Savannah', 'GA', '31401'],
    ],
    addressLines: ['Magnolia Avenue', 'Elm Street'],
  },
  {
    code: 'NG',
    language: 'en-NG',
    phone: '+234 803 12# ####',
    first: [
      ['Adaeze', f],
      ['Babatunde', m],
      ['Ngozi', f],
      ['Emeka', m],
    ],
    last: ['Okonjo-Bello', 'Adeyinka', 'Nwachukwu', 'Olawale'],
    cities: [
      ['Lagos', 'Lagos', '100001'],
      ['Enugu', 'Enugu', '400001'],
    ],
    addressLines: ['Marina Road', 'Ogui Road'],
  },
  {
    code: 'JP',
    language: 'ja',
    phone: '+81 90 1234 ####',
    family_name_first: true,
    first: [
      ['花子', f],
      ['健太', m],
      ['美咲', f],
      ['大輔', m],
    ],
    last: ['佐々木', '小野寺', '長谷川', '五十嵐'],
    cities: [
      ['札幌市', '北海道', '060-0001'],
      ['京都市', '京都府', '600-8001'],
    ],
    addressLines: ['北一条', '四条通'],
  },
];
