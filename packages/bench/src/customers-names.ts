// Names of people of several countries, the most frequent first.

const names = (line: string): string[] => line.split(', ');

export const firstNames: readonly string[] = [
  'María, José, Ana, Juan, Carmen, Antonio, Laura, Carlos, Lucía, Manuel, Sofía, Luis, Elena, Miguel, Paula, Ángel, Marta, David',
  'Andrea, Jesús, Sara, Pedro, Cristina, Javier, Raquel, Andrés, Isabel, Ramón, Rocío, Víctor, Nuria, Iván, Inés, Óscar, Mónica',
  'Rubén, Verónica, Álvaro, Beatriz, Joaquín, Ștefan, Ioana, Andrei, Mihai, Florin, João, Conceição, Thiago, Letícia, Gonçalo',
  'Zoë, François, Chloé, Jürgen, Käthe, Łukasz, Agnieszka, Søren, Виктор, Наталья, Ольга, Željko, Dagný, Aoife, Siobhán',
].flatMap(names);

export const lastNames: readonly string[] = [
  'García, González, Rodríguez, Fernández, López, Martínez, Sánchez, Pérez, Gómez, Martín, Jiménez, Ruiz, Hernández, Díaz',
  'Moreno, Muñoz, Álvarez, Romero, Alonso, Gutiérrez, Navarro, Torres, Domínguez, Vázquez, Ramos, Gil, Ramírez, Serrano, Blanco',
  'Molina, Morales, Suárez, Ortega, Delgado, Castro, Ortiz, Rubio, Marín, Sanz, Núñez, Iglesias, Medina, Garrido, Cortés',
  'Castillo, Santos, Lozano, Guerrero, Cano, Prieto, Méndez, Cruz, Calvo, Gallego, Vidal, León, Márquez, Herrera, Peña, Flores',
  'Cabrera, Campos, Vega, Fuentes, Carrasco, Díez, Reyes, Caballero, Nieto, Aguilar, Pascual, Santana, Herrero, Montero, Lorenzo',
  'Hidalgo, Giménez, Ibáñez, Ferrer, Durán, Santiago, Benítez, Vargas, Mora, Vicente, Arias, Carmona, Crespo, Román, Pastor',
  'Soto, Sáez, Velasco, Moya, Soler, Parra, Esteban, Bravo, Gallardo, Rojas, Ștefănescu, Popescu, Ionescu, Silva, Gonçalves',
  'Araújo, Müller, Groß, Wiśniewski, Łapiński, Ångström, Øvergård, Иванов, Петрова, Dvořák, Šimić, O’Brien, Ní Dhónaill',
  'de la Cruz, Peña-Nieto, Saint-Exupéry',
].flatMap(names);

/** Tags, the most frequent first. */
export const labels: readonly string[] = [
  'Newsletter, Wholesale, Loyal, Late payer, VIP Club, Fair 2024, Complains, Online only, Café, Holiday, Student, Senior',
  'Referral, Partner, Press, Employee, Beta, Family, Export, Gift card, Spring, Autumn, Bulk, Fragile, Night shift, Allergy',
  'Vegetarian, Cyclist, Runner, Collector',
].flatMap(names);

export const domains: readonly string[] = [
  'example.com, gmail.example, correo.example, post.example.org, mail.example.net',
].flatMap(names);
