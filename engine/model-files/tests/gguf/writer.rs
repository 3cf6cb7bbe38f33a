//! Writes GGUF files for tests.

#[derive(Default)]
pub struct Writer {
    metadata: Vec<Vec<u8>>,
    infos: Vec<Vec<u8>>,
    data: Vec<u8>,
}

pub fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// The value of an entry that is an array of elements of a type.
pub fn array(kind: u32, elements: &[Vec<u8>]) -> Vec<u8> {
    [&kind.to_le_bytes(), &(elements.len() as u64).to_le_bytes()[..], &elements.concat()].concat()
}

impl Writer {
    /// An entry with the bytes of a value of a type.
    pub fn entry(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.metadata.push([&string(key), &kind.to_le_bytes()[..], value].concat());
        self
    }

    /// A tensor; the fastest dimension comes first.
    pub fn tensor(mut self, name: &str, dimensions: &[usize], kind: u32, bytes: &[u8]) -> Self {
        let mut info = [&string(name), &(dimensions.len() as u32).to_le_bytes()[..]].concat();
        dimensions.iter().for_each(|&size| info.extend((size as u64).to_le_bytes()));
        info.extend(kind.to_le_bytes());
        info.extend((self.data.len() as u64).to_le_bytes());
        self.infos.push(info);
        self.data.extend(bytes);
        self.data.resize(self.data.len().next_multiple_of(32), 0);
        self
    }

    pub fn file(self) -> Vec<u8> {
        let mut file = b"GGUF\x03\0\0\0".to_vec();
        file.extend((self.infos.len() as u64).to_le_bytes());
        file.extend((self.metadata.len() as u64).to_le_bytes());
        file.extend(self.metadata.concat());
        file.extend(self.infos.concat());
        file.resize(file.len().next_multiple_of(32), 0);
        file.extend(self.data);
        file
    }
}
