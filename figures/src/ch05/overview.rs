//! Where the chapter stands in the book.

use crate::parts::RoadMap;
use crate::{Drawing, Figure, p, t};

pub fn road_map() -> Figure {
    let mut d = Drawing::new();
    RoadMap::at_chapter(5).draw(&mut d, p(0.0, 0.0));
    let desc = t(
        "The nine steps of the book in three stages. Build the model: 1 text to numbers, 2 attention, 3 the GPT model, all \
         done. Pretrain it: 4 loss, 5 training loop, 6 writing text, 7 loading weights; these four are this chapter and \
         marked. Fine-tune it: 8 a classifier and 9 an assistant are still to come.",
        "全书分三个阶段，共九步。搭建模型：1 从文本到数字，2 注意力，3 GPT 模型，都已完成。预训练：4 损失，5 训练循环，\
         6 生成文本，7 加载权重，这四步就是本章，已标出。微调：8 分类器，9 助手，还在后面。",
    );
    Figure::new("5-01", t("Where we are: the model learns", "我们在这里：模型开始学习"), desc, d)
}
